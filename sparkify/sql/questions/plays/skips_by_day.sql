-- What share of each day's plays is skipped? (UTC) Skipped: the same listener's next play in the session begins more than
-- a second before the song's end. A page that is opened skips nothing, and a logout ends a song without a skip; songs of
-- unknown length are left out.
SELECT
    CAST(l.start_time AS DATE) AS day,
    ROUND(100.0 * SUM(l.is_skipped) / COUNT(l.is_skipped), 1) AS percent_skipped,
    SUM(l.is_skipped) AS skipped,
    COUNT(l.is_skipped) AS plays
FROM listening AS l
WHERE
    l.length IS NOT NULL
    AND l.start_time >= :since
    AND l.start_time < :until
    AND (:level IS NULL OR l.level = :level)
GROUP BY 1
ORDER BY day
