-- The page and the level that the latest event of each listener in each month says.
ending AS (
    SELECT
        user_id,
        DATE_TRUNC('month', ts) AS month,
        MAX(ts) AS last_ts,
        MAX(CASE WHEN level IS NOT NULL THEN ts END) AS said_ts
    FROM events
    WHERE user_id IS NOT NULL
    GROUP BY 1, 2
),
latest AS (
    SELECT user_id, month, page, level
    FROM (
        -- An event that says no level has that of the one before.
        SELECT user_id, ts, session_id, item_in_session, page, month, MAX(level) OVER (PARTITION BY user_id, said) AS level
        FROM (
            SELECT
                e.user_id, e.ts, e.session_id, e.item_in_session, e.page, e.level,
                CAST(DATE_TRUNC('month', e.ts) AS DATE) AS month,
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
        PARTITION BY user_id, month ORDER BY ts DESC, session_id DESC, item_in_session DESC, page DESC
    ) = 1
)
