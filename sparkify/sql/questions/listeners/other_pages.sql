-- What do people do besides playing? Each page of the app, errors and adverts included, and in how many sessions.
-- A session is all that one listener did under one session_id; what nobody did under it is a session of its own.
SELECT
    page,
    SUM(events) AS events,
    COUNT(*) AS sessions,
    ROUND(100.0 * COUNT(*) / MAX(all_sessions), 1) AS percent_of_sessions,
    COUNT(DISTINCT user_id) AS listeners
FROM (
    SELECT
        page, user_id, plays, events,
        SUM(CASE WHEN place = 1 THEN 1 ELSE 0 END) OVER () AS all_sessions
    FROM (
        SELECT
            e.page,
            e.user_id,
            COUNT(e.songplay_id) AS plays,
            COUNT(*) AS events,
            ROW_NUMBER() OVER (PARTITION BY e.session_id, e.user_id ORDER BY e.page) AS place
        FROM events AS e
        WHERE e.ts >= :since AND e.ts < :until AND (:level IS NULL OR e.level = :level)
        GROUP BY e.session_id, e.user_id, e.page
    ) AS visited
) AS counted
WHERE plays = 0
GROUP BY page
ORDER BY events DESC, page
LIMIT :limit
