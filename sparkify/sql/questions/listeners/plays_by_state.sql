-- Which states have the most plays? A place in several states counts for the first, where its principal city lies; one without is unknown.
SELECT
    NULLIF(SPLIT_PART(SPLIT_PART(played.location, ', ', 2), '-', 1), '') AS state,
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
GROUP BY 1
ORDER BY plays DESC, state
LIMIT :limit
