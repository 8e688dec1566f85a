WITH active AS (SELECT DISTINCT user_id, DATE_TRUNC('week', start_time)::DATE AS week FROM songplay WHERE user_id IS NOT NULL)
SELECT first_week, (week - first_week) // 7 AS later, COUNT(*)
FROM (SELECT week, MIN(week) OVER (PARTITION BY user_id) AS first_week FROM active) GROUP BY ALL ORDER BY first_week, later
