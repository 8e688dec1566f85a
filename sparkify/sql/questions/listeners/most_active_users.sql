-- Who listens most?
SELECT
    played.user_id,
    u.first_name,
    u.last_name,
    u.level,
    played.plays
FROM (
    SELECT p.user_id, COUNT(*) AS plays
    FROM songplay AS p
    WHERE
        p.user_id IS NOT NULL
        AND p.start_time >= :since
        AND p.start_time < :until
        AND (:level IS NULL OR p.level = :level)
    GROUP BY p.user_id
) AS played
JOIN users AS u ON u.user_id = played.user_id
ORDER BY played.plays DESC, played.user_id
LIMIT :limit
