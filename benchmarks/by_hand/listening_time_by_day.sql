SELECT day, ROUND(SUM(seconds) / 3600.0, 2), ROUND(SUM(seconds) / 60.0 / COUNT(user_id), 1)
FROM (SELECT start_time::DATE AS day, user_id, SUM(length) AS seconds FROM songplay GROUP BY ALL) GROUP BY ALL ORDER BY day
