-- How many plays, listeners and sessions does each day have? (UTC)
SELECT
    sitting.day,
    SUM(sitting.plays) AS plays,
    COUNT(DISTINCT sitting.user_id) AS listeners,
    COUNT(DISTINCT sitting.session_id) AS sessions
FROM (
    SELECT
        CAST(p.start_time AS DATE) AS day,
        p.session_id,
        p.user_id,
        COUNT(*) AS plays
    FROM songplay AS p
    WHERE
        p.start_time >= :since
        AND p.start_time < :until
        AND (:level IS NULL OR p.level = :level)
    GROUP BY 1, 2, 3
) AS sitting
GROUP BY sitting.day
ORDER BY sitting.day
