-- How many listeners play on each day, and in the 30 days up to it? (UTC)
-- The last number is the stickiness of the day (DAU/MAU); that of a period is the average of its days.
-- The log's first 29 days have no 30 days yet, and so no such number.
WITH
active AS (
    SELECT CAST(p.start_time AS DATE) AS day, p.user_id
    FROM songplay AS p
    WHERE p.user_id IS NOT NULL AND (:level IS NULL OR p.level = :level)
    GROUP BY 1, 2
),
-- Whoever plays on a day counts for 30 days, or until they play again and count again.
stay AS (
    SELECT
        day,
        LEAST(day + 30, COALESCE(LEAD(day) OVER (PARTITION BY user_id ORDER BY day), day + 30)) AS leaves
    FROM active
),
change AS (
    SELECT day, COUNT(*) AS users, COUNT(*) AS daily
    FROM stay
    GROUP BY day
    UNION ALL
    SELECT leaves, -COUNT(*), 0
    FROM stay
    GROUP BY leaves
),
counted AS (
    SELECT
        day,
        SUM(daily) AS daily_users,
        SUM(SUM(users)) OVER (ORDER BY day ROWS UNBOUNDED PRECEDING) AS monthly_users
    FROM change
    GROUP BY day
)
SELECT
    counted.day,
    counted.daily_users,
    CASE WHEN counted.day >= log.thirtieth_day THEN counted.monthly_users END AS monthly_users,
    CASE
        WHEN counted.day >= log.thirtieth_day THEN ROUND(100.0 * counted.daily_users / counted.monthly_users, 1)
    END AS percent_daily_of_monthly
FROM counted
CROSS JOIN (SELECT CAST(DATEADD(day, 29, MIN(start_time)) AS DATE) AS thirtieth_day FROM time) AS log
WHERE counted.daily_users > 0 AND counted.day >= CAST(:since AS DATE) AND counted.day < CAST(:until AS DATE)
ORDER BY counted.day
