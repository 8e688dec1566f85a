-- No listener plays more than 24 hours of songs in a day (UTC): that would be a program.

-- The next line lets a run warn of what the SELECT returns. Without it, such a run is not published.
-- severity: warn
SELECT
    p.user_id,
    CAST(p.start_time AS DATE) AS play_date,
    SUM(p.length) / 3600 AS hours
FROM songplay AS p
WHERE p.user_id IS NOT NULL
GROUP BY p.user_id, CAST(p.start_time AS DATE)
HAVING SUM(p.length) > 86400
