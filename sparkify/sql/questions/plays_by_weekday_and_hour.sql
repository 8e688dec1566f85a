-- At which hours of which weekdays is most played? (UTC; 0 is Sunday)
SELECT
    EXTRACT(DOW FROM p.start_time) AS weekday,
    EXTRACT(HOUR FROM p.start_time) AS hour,
    COUNT(*) AS plays
FROM songplay AS p
WHERE
    p.start_time >= :since
    AND p.start_time < :until
    AND (:level IS NULL OR p.level = :level)
GROUP BY 1, 2
ORDER BY weekday, hour
