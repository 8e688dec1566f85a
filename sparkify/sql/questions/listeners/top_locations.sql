-- Which locations have the most plays?
SELECT
    played.location,
    SUM(played.plays) AS plays,
    COUNT(DISTINCT played.user_id) AS listeners
FROM (
    SELECT p.location, p.user_id, COUNT(*) AS plays
    FROM songplay AS p
    WHERE
        p.start_time >= :since
        AND p.start_time < :until
        AND (:level IS NULL OR p.level = :level)
    GROUP BY p.location, p.user_id
) AS played
GROUP BY played.location
ORDER BY plays DESC, played.location
LIMIT :limit
