SELECT start_time, user_id, LAG(level) OVER w AS before, level, ROW_NUMBER() OVER w - 1 AS plays_before
FROM songplay WHERE user_id IS NOT NULL
WINDOW w AS (PARTITION BY user_id ORDER BY start_time, songplay_id)
QUALIFY level <> before ORDER BY start_time, user_id LIMIT 10
