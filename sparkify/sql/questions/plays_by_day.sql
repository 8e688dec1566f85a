-- How many plays, listeners and sessions does each day have? (UTC)
SELECT
    CAST(p.start_time AS DATE) AS day,
    COUNT(*) AS plays,
    COUNT(DISTINCT p.user_id) AS listeners,
    COUNT(DISTINCT p.session_id) AS sessions
FROM songplay AS p
WHERE p.start_time >= :since AND p.start_time < :until
GROUP BY 1
ORDER BY day
