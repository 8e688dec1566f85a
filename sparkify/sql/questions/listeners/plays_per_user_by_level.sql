-- How many plays does a listener make, free and paid? By the level at the moment of each play.
SELECT
    played.level,
    COUNT(*) AS listeners,
    SUM(played.plays) AS plays,
    ROUND(1.0 * SUM(played.plays) / COUNT(*), 1) AS plays_per_listener,
    MAX(played.plays) AS most_plays
FROM (
    SELECT p.level, p.user_id, COUNT(*) AS plays
    FROM songplay AS p
    WHERE p.user_id IS NOT NULL AND p.start_time >= :since AND p.start_time < :until
    GROUP BY p.level, p.user_id
) AS played
GROUP BY played.level
ORDER BY played.level
