-- How many plays do free and paid listeners make each day? (UTC) By the level at the moment of each play.
SELECT
    CAST(p.start_time AS DATE) AS day,
    p.level,
    COUNT(*) AS plays
FROM songplay AS p
WHERE
    p.start_time >= :since
    AND p.start_time < :until
    AND (:level IS NULL OR p.level = :level)
GROUP BY 1, 2
ORDER BY day, p.level
