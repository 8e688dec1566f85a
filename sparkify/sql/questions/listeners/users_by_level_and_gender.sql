-- How many listeners are free, paid or cancelled, women and men? By the latest level that an event said.
-- Cancelled is whose latest event is a Cancellation Confirmation.
WITH
ending AS (
    SELECT user_id, MAX(ts) AS last_ts, MAX(CASE WHEN level IS NOT NULL THEN ts END) AS said_ts
    FROM events
    WHERE user_id IS NOT NULL
    GROUP BY user_id
),
latest AS (
    SELECT user_id, page, level
    FROM (
        -- An event that says no level has that of the one before.
        SELECT user_id, ts, session_id, item_in_session, page, MAX(level) OVER (PARTITION BY user_id, said) AS level
        FROM (
            SELECT
                e.user_id, e.ts, e.session_id, e.item_in_session, e.page, e.level,
                COUNT(e.level) OVER (
                    PARTITION BY e.user_id ORDER BY e.ts, e.session_id, e.item_in_session, e.page ROWS UNBOUNDED PRECEDING
                ) AS said
            FROM events AS e
            JOIN (
                SELECT user_id, last_ts AS ts
                FROM ending
                UNION
                SELECT user_id, said_ts
                FROM ending
            ) AS moment ON moment.user_id = e.user_id AND moment.ts = e.ts
        ) AS counted
    ) AS carried
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY user_id ORDER BY ts DESC, session_id DESC, item_in_session DESC, page DESC
    ) = 1
)
SELECT
    CASE latest.page WHEN 'Cancellation Confirmation' THEN 'cancelled' ELSE latest.level END AS level,
    u.gender,
    COUNT(*) AS listeners
FROM users AS u
JOIN latest ON latest.user_id = u.user_id
GROUP BY 1, 2
ORDER BY level, u.gender
