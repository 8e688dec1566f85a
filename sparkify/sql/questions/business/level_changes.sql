-- Who upgraded, downgraded or cancelled, when, and after how many plays of theirs in the log? As the app's pages say:
-- Submit Upgrade, Submit Downgrade, Cancellation Confirmation. The next level that an event of the listener says proves
-- the first two or contradicts them, and they are open without one; any later event contradicts a cancellation.
-- Events of one moment come by session and position; where the next ones that say a level share a moment, one is enough.
WITH
change AS (
    SELECT
        ROW_NUMBER() OVER (ORDER BY e.ts, e.user_id, e.session_id, e.item_in_session, e.page) AS place,
        e.user_id, e.ts, e.session_id, e.item_in_session, e.page
    FROM events AS e
    WHERE
        e.page IN ('Submit Upgrade', 'Submit Downgrade', 'Cancellation Confirmation')
        AND e.user_id IS NOT NULL
        AND e.ts >= :since
        AND e.ts < :until
    ORDER BY place
    LIMIT :limit
),
around AS (
    SELECT
        place,
        COUNT(CASE WHEN is_later = 0 THEN songplay_id END) AS plays_before,
        MIN(CASE WHEN is_later = 1 THEN ts END) AS next_ts,
        MIN(CASE WHEN is_later = 1 AND level IS NOT NULL THEN ts END) AS said_ts,
        MIN(CASE WHEN is_later = 1 AND level = 'paid' THEN ts END) AS paid_ts,
        MIN(CASE WHEN is_later = 1 AND level = 'free' THEN ts END) AS free_ts
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
        FROM change AS c
        JOIN events AS e ON e.user_id = c.user_id
    ) AS pair
    GROUP BY place
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
JOIN around ON around.place = change.place
ORDER BY change.place
