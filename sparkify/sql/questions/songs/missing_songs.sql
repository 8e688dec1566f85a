-- Which songs are played most and missing from the catalogue?
SELECT
    p.title,
    p.artist_name AS artist,
    COUNT(*) AS plays
FROM songplay AS p
WHERE
    p.song_id IS NULL
    AND p.start_time >= :since
    AND p.start_time < :until
    AND (:level IS NULL OR p.level = :level)
GROUP BY p.title, p.artist_name
ORDER BY plays DESC, p.title, p.artist_name
LIMIT :limit
