-- Which songs are skipped most often? Skipped: the same listener's next play in the session begins more than a second
-- before the song's end. A page that is opened skips nothing, and a logout ends a song without a skip; songs of unknown
-- length are left out.
SELECT
    l.title,
    l.artist_name AS artist,
    SUM(l.is_skipped) AS skipped,
    COUNT(*) AS plays,
    ROUND(100.0 * SUM(l.is_skipped) / COUNT(*), 1) AS percent_skipped
FROM listening AS l
WHERE
    l.length IS NOT NULL
    AND l.start_time >= :since
    AND l.start_time < :until
    AND (:level IS NULL OR l.level = :level)
GROUP BY l.title, l.artist_name
HAVING SUM(l.is_skipped) > 0
ORDER BY skipped DESC, plays, l.title, l.artist_name
LIMIT :limit
