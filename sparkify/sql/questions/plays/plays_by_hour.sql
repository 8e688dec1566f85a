-- Which hours of the day have the most plays? (UTC)
SELECT
    EXTRACT(HOUR FROM p.start_time) AS hour,
    COUNT(*) AS plays
FROM songplay AS p
WHERE
    p.start_time >= :since
    AND p.start_time < :until
    AND (:level IS NULL OR p.level = :level)
GROUP BY 1
ORDER BY hour
