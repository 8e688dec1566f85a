-- Which artists are played most? By the name the app reported; every play counts.
WITH
played AS (
    SELECT p.artist_name, COUNT(*) AS plays
    FROM songplay AS p
    WHERE
        p.start_time >= :since
        AND p.start_time < :until
        AND (:level IS NULL OR p.level = :level)
    GROUP BY p.artist_name
    ORDER BY plays DESC, p.artist_name
    LIMIT :limit
)
SELECT
    played.artist_name AS artist,
    played.plays,
    COUNT(DISTINCT p.user_id) AS listeners
FROM played
JOIN songplay AS p ON COALESCE(p.artist_name, '') = COALESCE(played.artist_name, '')
WHERE
    p.start_time >= :since
    AND p.start_time < :until
    AND (:level IS NULL OR p.level = :level)
GROUP BY played.artist_name, played.plays
ORDER BY played.plays DESC, played.artist_name
