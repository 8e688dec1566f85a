-- How many plays does each hour of a Monday have, of a Tuesday, and so on? (UTC; 0 is Sunday)
-- An average over all days of that name from the first to the last with a play, within the days asked for.
WITH
span AS (
    SELECT
        GREATEST(MIN(CAST(start_time AS DATE)), CAST(:since AS DATE)) AS first_day,
        LEAST(MAX(CAST(start_time AS DATE)), CAST(DATEADD(day, -1, CAST(:until AS TIMESTAMP)) AS DATE)) AS last_day
    FROM time
),
played AS (
    SELECT EXTRACT(DOW FROM p.start_time) AS weekday, EXTRACT(HOUR FROM p.start_time) AS hour, COUNT(*) AS plays
    FROM songplay AS p
    WHERE
        p.start_time >= :since
        AND p.start_time < :until
        AND (:level IS NULL OR p.level = :level)
    GROUP BY 1, 2
),
counted AS (
    SELECT
        played.weekday,
        played.hour,
        played.plays,
        -- Days of this name between the first and the last day, both included.
        (DATEDIFF(day, span.first_day, span.last_day) + 7
            - MOD(played.weekday - EXTRACT(DOW FROM span.first_day) + 7, 7)) / 7 AS days
    FROM played
    CROSS JOIN span
)
SELECT
    counted.weekday,
    counted.hour,
    ROUND(1.0 * counted.plays / counted.days, 1) AS plays_per_day,
    counted.plays,
    counted.days
FROM counted
ORDER BY counted.weekday, counted.hour
