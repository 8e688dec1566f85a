-- How long do people listen at one sitting? From the first play of a session to its last; one play is under 5 min.
-- A session is one listener's plays under one session_id; plays without a listener under it are a session of their own.
SELECT
    banded.band,
    CASE banded.band
        WHEN 1 THEN 'under 5 min'
        WHEN 2 THEN '5-15 min'
        WHEN 3 THEN '15-30 min'
        WHEN 4 THEN '30-60 min'
        WHEN 5 THEN '1-2 h'
        WHEN 6 THEN '2-4 h'
        ELSE '4 h or more'
    END AS length,
    COUNT(*) AS sessions,
    SUM(banded.plays) AS plays
FROM (
    SELECT
        CASE
            WHEN session.seconds < 300 THEN 1
            WHEN session.seconds < 900 THEN 2
            WHEN session.seconds < 1800 THEN 3
            WHEN session.seconds < 3600 THEN 4
            WHEN session.seconds < 7200 THEN 5
            WHEN session.seconds < 14400 THEN 6
            ELSE 7
        END AS band,
        session.plays
    FROM (
        SELECT
            DATEDIFF(second, MIN(p.start_time), MAX(p.start_time)) AS seconds,
            COUNT(*) AS plays
        FROM songplay AS p
        WHERE
            p.start_time >= :since
            AND p.start_time < :until
            AND (:level IS NULL OR p.level = :level)
        GROUP BY p.session_id, p.user_id
    ) AS session
) AS banded
GROUP BY banded.band
ORDER BY banded.band
