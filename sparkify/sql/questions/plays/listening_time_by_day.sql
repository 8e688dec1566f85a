-- How many hours are listened to each day? (UTC) The lengths of the songs played, to their end.
-- Minutes are those of listeners who were logged in, for each of them.
SELECT
    heard.day,
    ROUND(COALESCE(SUM(heard.seconds), 0) / 3600.0, 2) AS hours,
    ROUND(
        SUM(CASE WHEN heard.user_id IS NOT NULL THEN heard.seconds END) / 60.0 / NULLIF(COUNT(heard.user_id), 0), 1
    ) AS minutes_per_listener
FROM (
    SELECT CAST(p.start_time AS DATE) AS day, p.user_id, SUM(p.length) AS seconds
    FROM songplay AS p
    WHERE
        p.start_time >= :since
        AND p.start_time < :until
        AND (:level IS NULL OR p.level = :level)
    GROUP BY 1, 2
) AS heard
GROUP BY heard.day
ORDER BY heard.day
