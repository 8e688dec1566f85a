-- Who upgraded, when, how long after they registered, and after how many plays of theirs in the log?
-- Each Submit Upgrade counts; the next level that an event of the listener says proves it or contradicts it, else it is
-- open. Events of one moment come by session and position; where the next ones that say a level share a moment, one is
-- enough.
WITH
upgrade AS (
    SELECT
        ROW_NUMBER() OVER (ORDER BY e.ts, e.user_id, e.session_id, e.item_in_session) AS place,
        e.user_id, e.ts, e.session_id, e.item_in_session, e.page
    FROM events AS e
    WHERE e.page = 'Submit Upgrade' AND e.user_id IS NOT NULL AND e.ts >= :since AND e.ts < :until
),
around AS (
    SELECT
        place,
        COUNT(CASE WHEN is_later = 0 THEN songplay_id END) AS plays_before,
        MIN(CASE WHEN is_later = 1 AND level IS NOT NULL THEN ts END) AS said_ts,
        MIN(CASE WHEN is_later = 1 AND level = 'paid' THEN ts END) AS paid_ts
    FROM (
        SELECT
            c.place, e.songplay_id, e.ts, e.level,
            CASE
                WHEN e.ts <> c.ts THEN CASE WHEN e.ts > c.ts THEN 1 ELSE 0 END
                WHEN e.session_id <> c.session_id THEN CASE WHEN e.session_id > c.session_id THEN 1 ELSE 0 END
                WHEN e.item_in_session <> c.item_in_session
                    THEN CASE WHEN e.item_in_session > c.item_in_session THEN 1 ELSE 0 END
                WHEN e.page > c.page THEN 1
                ELSE 0
            END AS is_later
        FROM upgrade AS c
        JOIN events AS e ON e.user_id = c.user_id
    ) AS pair
    GROUP BY place
)
SELECT
    upgrade.user_id,
    u.first_name,
    u.last_name,
    upgrade.ts AS upgraded_at,
    CASE
        WHEN around.said_ts IS NULL THEN 'open'
        WHEN around.paid_ts = around.said_ts THEN 'proved'
        ELSE 'contradicted'
    END AS proof,
    DATEDIFF(day, CAST(r.registered_at AS DATE), CAST(upgrade.ts AS DATE)) AS days_since_registration,
    around.plays_before
FROM upgrade
JOIN users AS u ON u.user_id = upgrade.user_id
JOIN around ON around.place = upgrade.place
LEFT JOIN registrations AS r ON r.user_id = upgrade.user_id
ORDER BY upgrade.place
LIMIT :limit
