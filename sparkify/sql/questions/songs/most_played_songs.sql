-- Which songs are played most? Every play counts, in the catalogue or not.
SELECT
    p.title,
    p.artist_name AS artist,
    COUNT(*) AS plays
FROM songplay AS p
WHERE
    p.start_time >= :since
    AND p.start_time < :until
    AND (:level IS NULL OR p.level = :level)
GROUP BY p.title, p.artist_name
ORDER BY plays DESC, p.title, p.artist_name
LIMIT :limit
