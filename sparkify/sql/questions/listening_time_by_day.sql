-- How many hours are listened to each day? (UTC) The lengths of the songs played, to their end.
SELECT
    CAST(p.start_time AS DATE) AS day,
    ROUND(SUM(p.length) / 3600.0, 2) AS hours,
    ROUND(SUM(p.length) / 60.0 / COUNT(DISTINCT p.user_id), 1) AS minutes_per_listener
FROM songplay AS p
WHERE
    p.start_time >= :since
    AND p.start_time < :until
    AND (:level IS NULL OR p.level = :level)
GROUP BY 1
ORDER BY day
