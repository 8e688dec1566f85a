-- Who upgraded, when, how long after they registered, and after how many plays of theirs in the log?
-- Each Submit Upgrade counts; the level of the listener's next event proves it or contradicts it, else it is open.
WITH
upgrade AS (
    SELECT e.user_id, e.ts, e.session_id, e.item_in_session
    FROM events AS e
    WHERE e.page = 'Submit Upgrade' AND e.user_id IS NOT NULL AND e.ts >= :since AND e.ts < :until
),
moment AS (
    SELECT DISTINCT user_id, ts
    FROM upgrade
),
after AS (
    SELECT m.user_id, m.ts, e.level
    FROM moment AS m
    JOIN events AS e ON e.user_id = m.user_id
    WHERE e.ts > m.ts AND e.level IS NOT NULL
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY m.user_id, m.ts ORDER BY e.ts, e.session_id, e.item_in_session, e.level
    ) = 1
),
before AS (
    SELECT m.user_id, m.ts, COUNT(*) AS plays
    FROM moment AS m
    JOIN songplay AS p ON p.user_id = m.user_id
    WHERE p.start_time < m.ts
    GROUP BY m.user_id, m.ts
)
SELECT
    upgrade.user_id,
    u.first_name,
    u.last_name,
    upgrade.ts AS upgraded_at,
    CASE after.level WHEN 'paid' THEN 'proved' WHEN 'free' THEN 'contradicted' ELSE 'open' END AS proof,
    DATEDIFF(day, CAST(r.registered_at AS DATE), CAST(upgrade.ts AS DATE)) AS days_since_registration,
    COALESCE(before.plays, 0) AS plays_before
FROM upgrade
JOIN users AS u ON u.user_id = upgrade.user_id
LEFT JOIN registrations AS r ON r.user_id = upgrade.user_id
LEFT JOIN after ON after.user_id = upgrade.user_id AND after.ts = upgrade.ts
LEFT JOIN before ON before.user_id = upgrade.user_id AND before.ts = upgrade.ts
ORDER BY upgrade.ts, upgrade.user_id, upgrade.session_id, upgrade.item_in_session
LIMIT :limit
