SELECT HOUR(start_time) AS hour, COUNT(*) FROM songplay GROUP BY ALL ORDER BY hour
