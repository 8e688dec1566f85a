-- How many listeners play on each day, and in the 30 days up to it? (UTC)
WITH
active AS (
    SELECT CAST(p.start_time AS DATE) AS day, p.user_id
    FROM songplay AS p
    WHERE p.user_id IS NOT NULL
    GROUP BY 1, 2
),
day AS (
    SELECT day, COUNT(*) AS daily
    FROM active
    WHERE day >= CAST(:since AS DATE) AND day < CAST(:until AS DATE)
    GROUP BY day
)
SELECT
    day.day,
    day.daily AS daily_users,
    COUNT(DISTINCT active.user_id) AS monthly_users,
    ROUND(100.0 * day.daily / COUNT(DISTINCT active.user_id), 1) AS percent_daily_of_monthly
FROM day
JOIN active ON active.day <= day.day AND active.day > day.day - 30
GROUP BY day.day, day.daily
ORDER BY day.day
