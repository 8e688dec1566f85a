-- Which plays were the latest? (UTC) One row a play.
SELECT
    p.songplay_id,
    p.start_time,
    p.user_id,
    p.level,
    p.title,
    p.artist_name AS artist,
    p.location
FROM songplay AS p
WHERE
    p.start_time >= :since
    AND p.start_time < :until
    AND (:level IS NULL OR p.level = :level)
ORDER BY p.start_time DESC, p.songplay_id DESC
LIMIT :limit
