-- How long are sessions, and how many plays do they hold? A session with one play has no length of its own.
SELECT
    session.level,
    COUNT(*) AS sessions,
    ROUND(1.0 * SUM(session.plays) / COUNT(*), 1) AS plays_per_session,
    MAX(session.plays) AS most_plays,
    ROUND(AVG(session.seconds) / 60.0, 1) AS minutes_on_average,
    ROUND(MAX(session.seconds) / 60.0, 1) AS minutes_at_most
FROM (
    SELECT
        p.session_id,
        MIN(p.level) AS level,
        COUNT(*) AS plays,
        1.0 * DATEDIFF(second, MIN(p.start_time), MAX(p.start_time)) AS seconds
    FROM songplay AS p
    WHERE
        p.start_time >= :since
        AND p.start_time < :until
        AND (:level IS NULL OR p.level = :level)
    GROUP BY p.session_id
) AS session
GROUP BY session.level
ORDER BY session.level
