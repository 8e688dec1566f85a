-- How many plays, listeners and sessions does each day have? (UTC) A session counts on each day on which it has plays.
-- A session is one listener's plays under one session_id; plays without a listener under it are a session of their own.
SELECT
    session.day,
    SUM(session.plays) AS plays,
    COUNT(DISTINCT session.user_id) AS listeners,
    COUNT(*) AS sessions
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
) AS session
GROUP BY session.day
ORDER BY session.day
