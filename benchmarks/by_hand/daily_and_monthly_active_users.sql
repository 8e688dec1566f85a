WITH active AS (SELECT DISTINCT start_time::DATE AS day, user_id FROM songplay WHERE user_id IS NOT NULL),
counted AS (
    SELECT d.day, COUNT(*) FILTER (a.day = d.day) AS daily, COUNT(DISTINCT a.user_id) AS monthly
    FROM (SELECT DISTINCT day FROM active) AS d JOIN active AS a ON a.day BETWEEN d.day - 29 AND d.day
    GROUP BY ALL
), whole AS (SELECT MIN(start_time)::DATE + 29 AS first FROM songplay)
SELECT day, daily, CASE WHEN day >= first THEN monthly END, CASE WHEN day >= first THEN ROUND(100.0 * daily / monthly, 1) END
FROM counted, whole ORDER BY day
