-- Of the listeners who registered in a week, what share plays in the weeks after? (weeks from Monday, UTC)
-- A week in which nobody at all played is absent: the log says nothing of it. One that the log covers only in part, the
-- first or the last, is marked. The days choose listeners by their registration, the level counts plays at that level.
WITH
log_week AS (
    SELECT
        CAST(DATE_TRUNC('week', day) AS DATE) AS week,
        MIN(MIN(day)) OVER () AS first_day,
        MAX(MAX(day)) OVER () AS last_day
    FROM (SELECT DISTINCT CAST(start_time AS DATE) AS day FROM time) AS played
    GROUP BY 1
),
cohort AS (
    SELECT CAST(DATE_TRUNC('week', registered_at) AS DATE) AS week, COUNT(*) AS listeners
    FROM registrations
    WHERE registered_at >= :since AND registered_at < :until
    GROUP BY 1
),
active AS (
    SELECT
        CAST(DATE_TRUNC('week', r.registered_at) AS DATE) AS registered_week,
        played.week,
        COUNT(*) AS listeners
    FROM (
        SELECT p.user_id, CAST(DATE_TRUNC('week', p.start_time) AS DATE) AS week
        FROM songplay AS p
        WHERE p.user_id IS NOT NULL AND (:level IS NULL OR p.level = :level)
        GROUP BY 1, 2
    ) AS played
    JOIN registrations AS r ON r.user_id = played.user_id
    WHERE r.registered_at >= :since AND r.registered_at < :until
    GROUP BY 1, 2
)
SELECT
    cohort.week AS registered_week,
    DATEDIFF(day, cohort.week, log_week.week) / 7 AS weeks_later,
    ROUND(100.0 * COALESCE(active.listeners, 0) / cohort.listeners, 1) AS percent_playing,
    COALESCE(active.listeners, 0) AS playing,
    cohort.listeners AS registered,
    CASE
        WHEN log_week.week < log_week.first_day OR DATEADD(day, 6, log_week.week) > log_week.last_day THEN 'in part'
        ELSE 'whole'
    END AS week_in_log
FROM cohort
JOIN log_week ON log_week.week >= cohort.week
LEFT JOIN active ON active.registered_week = cohort.week AND active.week = log_week.week
ORDER BY cohort.week, weeks_later
