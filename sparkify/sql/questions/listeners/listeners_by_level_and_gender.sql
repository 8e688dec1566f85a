-- Who played: free and paid, women and men? By the level at the moment of play; plays while logged out have no listener.
SELECT
    played.level,
    u.gender,
    COUNT(played.user_id) AS listeners,
    SUM(played.plays) AS plays
FROM (
    SELECT p.level, p.user_id, COUNT(*) AS plays
    FROM songplay AS p
    WHERE
        p.start_time >= :since
        AND p.start_time < :until
        AND (:level IS NULL OR p.level = :level)
    GROUP BY p.level, p.user_id
) AS played
LEFT JOIN users AS u ON u.user_id = played.user_id
GROUP BY played.level, u.gender
ORDER BY played.level, u.gender
