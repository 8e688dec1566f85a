-- How many of each day's plays were heard for 30 seconds and more, what the industry counts as a stream? (UTC)
-- Heard is the song to its end, or until the same listener's next play in the session or their logout. A play of unknown
-- length is no stream, and counted apart.
SELECT
    CAST(l.start_time AS DATE) AS day,
    SUM(CASE WHEN l.seconds >= 30 THEN 1 ELSE 0 END) AS streams,
    COUNT(*) AS plays,
    ROUND(100.0 * SUM(CASE WHEN l.seconds >= 30 THEN 1 ELSE 0 END) / COUNT(*), 1) AS percent_of_plays,
    COUNT(*) - COUNT(l.length) AS unknown_length
FROM listening AS l
WHERE
    l.start_time >= :since
    AND l.start_time < :until
    AND (:level IS NULL OR l.level = :level)
GROUP BY 1
ORDER BY day
