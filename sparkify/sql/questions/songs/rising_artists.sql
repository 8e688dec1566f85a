-- Which artists rise and fall most against the period before? Without a first day: the last 28 days
-- against the 28 before them, or halves of a log that has fewer. Each row says the first of these days, and how many.
-- New is what was never played before the period, gone what is not played in it. Where the log begins later than the
-- period before, nothing is said of that; its first day counts as whole. By the name the app reported.
WITH
{part(period)},
counted AS (
    SELECT
        p.artist_name,
        SUM(CASE WHEN p.start_time >= period.since_day THEN 1 ELSE 0 END) AS plays,
        SUM(CASE WHEN p.start_time >= period.before_day AND p.start_time < period.since_day THEN 1 ELSE 0 END) AS plays_before,
        MIN(CASE WHEN p.start_time >= period.since_day THEN 1 ELSE 0 END) AS is_new,
        MAX(period.since_day) AS first_day,
        MAX(DATEDIFF(day, period.since_day, period.until_day)) AS days,
        MAX(period.has_before) AS has_before
    FROM songplay AS p
    CROSS JOIN period
    WHERE p.start_time < period.until_day AND (:level IS NULL OR p.level = :level)
    GROUP BY p.artist_name
)
SELECT
    artist_name AS artist,
    plays - plays_before AS change,
    plays,
    plays_before,
    CASE
        WHEN is_new = 1 THEN 'new'
        WHEN plays = 0 THEN 'gone'
        WHEN plays > plays_before THEN 'rising'
        WHEN plays < plays_before THEN 'falling'
        ELSE 'unchanged'
    END AS trend,
    first_day,
    days
FROM counted
WHERE has_before = 1 AND plays + plays_before > 0
ORDER BY ABS(plays - plays_before) DESC, plays DESC, artist_name
LIMIT :limit
