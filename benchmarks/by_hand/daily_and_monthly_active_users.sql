WITH active AS (SELECT DISTINCT start_time::DATE AS day, user_id FROM songplay WHERE user_id IS NOT NULL)
SELECT d.day, COUNT(*) FILTER (a.day = d.day) AS daily, COUNT(DISTINCT a.user_id) AS monthly,
    ROUND(100.0 * COUNT(*) FILTER (a.day = d.day) / COUNT(DISTINCT a.user_id), 1)
FROM (SELECT DISTINCT day FROM active) AS d JOIN active AS a ON a.day BETWEEN d.day - 29 AND d.day
GROUP BY ALL ORDER BY d.day
