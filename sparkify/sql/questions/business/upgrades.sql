-- Who upgraded, when, how long after they registered, and after how many plays of theirs in the log?
-- Each Submit Upgrade counts; the next moment at which events of the listener say a level proves it or contradicts it,
-- else it is open.
WITH
upgrade AS (
    SELECT e.user_id, e.ts, e.session_id, e.item_in_session
    FROM events AS e
    WHERE e.page = 'Submit Upgrade' AND e.user_id IS NOT NULL AND e.ts >= :since AND e.ts < :until
),
around AS (
    SELECT
        m.user_id,
        m.ts,
        COUNT(CASE WHEN e.ts < m.ts THEN e.songplay_id END) AS plays_before,
        MIN(CASE WHEN e.ts > m.ts AND e.level IS NOT NULL THEN e.ts END) AS said_ts,
        MIN(CASE WHEN e.ts > m.ts AND e.level = 'paid' THEN e.ts END) AS agreed_ts
    FROM (SELECT DISTINCT user_id, ts FROM upgrade) AS m
    JOIN events AS e ON e.user_id = m.user_id
    GROUP BY m.user_id, m.ts
)
SELECT
    upgrade.user_id,
    u.first_name,
    u.last_name,
    upgrade.ts AS upgraded_at,
    CASE
        WHEN around.said_ts IS NULL THEN 'open'
        WHEN around.agreed_ts = around.said_ts THEN 'proved'
        ELSE 'contradicted'
    END AS proof,
    DATEDIFF(day, CAST(r.registered_at AS DATE), CAST(upgrade.ts AS DATE)) AS days_since_registration,
    around.plays_before
FROM upgrade
JOIN users AS u ON u.user_id = upgrade.user_id
JOIN around ON around.user_id = upgrade.user_id AND around.ts = upgrade.ts
LEFT JOIN registrations AS r ON r.user_id = upgrade.user_id
ORDER BY upgrade.ts, upgrade.user_id, upgrade.session_id, upgrade.item_in_session
LIMIT :limit
