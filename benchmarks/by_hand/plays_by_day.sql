SELECT start_time::DATE AS day, COUNT(*), COUNT(DISTINCT user_id), COUNT(DISTINCT (session_id, user_id))
FROM songplay GROUP BY ALL ORDER BY day
