-- How long are sessions with plays, from the first to the beginning of the last, and how many plays do they hold?
-- One in which the level changes is "changed"; one with a single play has no length.
-- A session is one listener's plays under one session_id; plays without a listener under it are a session of their own.
SELECT
    session.level,
    COUNT(*) AS sessions,
    ROUND(1.0 * SUM(session.plays) / COUNT(*), 1) AS plays_per_session,
    MAX(session.plays) AS most_plays,
    ROUND(1.0 * SUM(session.seconds) / NULLIF(60 * COUNT(session.seconds), 0), 1) AS minutes_on_average,
    ROUND(MAX(session.seconds) / 60.0, 1) AS minutes_at_most
FROM (
    SELECT
        p.session_id,
        p.user_id,
        CASE WHEN MIN(p.level) <> MAX(p.level) THEN 'changed' ELSE MIN(p.level) END AS level,
        COUNT(*) AS plays,
        CASE WHEN COUNT(*) > 1 THEN DATEDIFF(second, MIN(p.start_time), MAX(p.start_time)) END AS seconds
    FROM songplay AS p
    WHERE
        p.start_time >= :since
        AND p.start_time < :until
        AND (:level IS NULL OR p.level = :level)
    GROUP BY p.session_id, p.user_id
) AS session
GROUP BY session.level
ORDER BY session.level
