-- On which weekdays is most played? (UTC; 0 is Sunday)
SELECT
    played.weekday,
    CASE played.weekday
        WHEN 0 THEN 'Sunday'
        WHEN 1 THEN 'Monday'
        WHEN 2 THEN 'Tuesday'
        WHEN 3 THEN 'Wednesday'
        WHEN 4 THEN 'Thursday'
        WHEN 5 THEN 'Friday'
        ELSE 'Saturday'
    END AS name,
    played.plays
FROM (
    SELECT EXTRACT(DOW FROM p.start_time) AS weekday, COUNT(*) AS plays
    FROM songplay AS p
    WHERE
        p.start_time >= :since
        AND p.start_time < :until
        AND (:level IS NULL OR p.level = :level)
    GROUP BY 1
) AS played
ORDER BY played.weekday
