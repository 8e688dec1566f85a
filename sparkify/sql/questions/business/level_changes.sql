-- Who upgraded, downgraded or cancelled, when, and after how many plays of theirs in the log? As the app's pages say:
-- Submit Upgrade, Submit Downgrade, Cancellation Confirmation. The next moment at which events of the listener
-- say a level proves the first two or contradicts them, and they are open without one; any later event contradicts a
-- cancellation.
WITH
change AS (
    SELECT e.user_id, e.ts, e.session_id, e.item_in_session, e.page
    FROM events AS e
    WHERE
        e.page IN ('Submit Upgrade', 'Submit Downgrade', 'Cancellation Confirmation')
        AND e.user_id IS NOT NULL
        AND e.ts >= :since
        AND e.ts < :until
),
around AS (
    SELECT
        m.user_id,
        m.ts,
        COUNT(CASE WHEN e.ts < m.ts THEN e.songplay_id END) AS plays_before,
        MIN(CASE WHEN e.ts > m.ts THEN e.ts END) AS next_ts,
        MIN(CASE WHEN e.ts > m.ts AND e.level IS NOT NULL THEN e.ts END) AS said_ts,
        MIN(CASE WHEN e.ts > m.ts AND e.level = 'paid' THEN e.ts END) AS paid_ts,
        MIN(CASE WHEN e.ts > m.ts AND e.level = 'free' THEN e.ts END) AS free_ts
    FROM (SELECT DISTINCT user_id, ts FROM change) AS m
    JOIN events AS e ON e.user_id = m.user_id
    GROUP BY m.user_id, m.ts
)
SELECT
    change.ts AS changed_at,
    change.user_id,
    CASE change.page
        WHEN 'Submit Upgrade' THEN 'upgrade'
        WHEN 'Submit Downgrade' THEN 'downgrade'
        ELSE 'cancellation'
    END AS change,
    CASE
        WHEN change.page = 'Cancellation Confirmation' AND around.next_ts IS NULL THEN 'proved'
        WHEN change.page <> 'Cancellation Confirmation' AND around.said_ts IS NULL THEN 'open'
        WHEN change.page = 'Submit Upgrade' AND around.paid_ts = around.said_ts THEN 'proved'
        WHEN change.page = 'Submit Downgrade' AND around.free_ts = around.said_ts THEN 'proved'
        ELSE 'contradicted'
    END AS proof,
    around.plays_before
FROM change
JOIN around ON around.user_id = change.user_id AND around.ts = change.ts
ORDER BY change.ts, change.user_id, change.session_id, change.item_in_session, change.page
LIMIT :limit
