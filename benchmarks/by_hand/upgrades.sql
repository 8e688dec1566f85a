SELECT user_id, first_name, last_name, start_time, plays_before
FROM (
    SELECT user_id, start_time, level, LAG(level) OVER w AS before, ROW_NUMBER() OVER w - 1 AS plays_before
    FROM songplay WHERE user_id IS NOT NULL
    WINDOW w AS (PARTITION BY user_id ORDER BY start_time, songplay_id)
    QUALIFY level = 'paid' AND before = 'free'
) JOIN users USING (user_id) ORDER BY start_time, user_id LIMIT 10
