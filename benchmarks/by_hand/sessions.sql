WITH last AS (
    SELECT session_id, user_id, ARG_MAX(length, (start_time, item_in_session)) AS length, MAX(start_time) AS last_start,
        MIN(start_time) AS first_start, COUNT(*) AS plays,
        CASE WHEN MIN(level) = MAX(level) THEN MIN(level) ELSE 'changed' END AS level
    FROM songplay GROUP BY session_id, user_id
), logout AS (
    SELECT l.session_id, l.user_id, MIN(e.ts) AS ts FROM last AS l JOIN stg_events AS e USING (session_id, user_id)
    WHERE e.page = 'Logout' AND e.ts >= l.last_start GROUP BY ALL
), lasting AS (
    SELECT level, plays,
        EPOCH(last_start - first_start) + LEAST(COALESCE(length, 0), COALESCE(EPOCH(ts - last_start), 1e9)) AS seconds
    FROM last LEFT JOIN logout USING (session_id, user_id)
)
SELECT level, COUNT(*), ROUND(1.0 * SUM(plays) / COUNT(*), 1), MAX(plays), ROUND(AVG(seconds) / 60, 1), ROUND(MAX(seconds) / 60, 1)
FROM lasting GROUP BY ALL ORDER BY level
