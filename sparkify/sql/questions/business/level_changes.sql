-- Who upgraded, downgraded or cancelled, when, and after how many plays of theirs in the log? As the app's pages say:
-- Submit Upgrade, Submit Downgrade, Cancellation Confirmation. The next level that an event of the
-- listener says proves the first two or contradicts them, and they are open without one; any next event contradicts a
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
moment AS (
    SELECT DISTINCT user_id, ts
    FROM change
),
later AS (
    SELECT
        m.user_id,
        m.ts,
        -- The first that says a level, or where none does the first.
        COALESCE(MIN(CASE WHEN e.level IS NOT NULL THEN e.ts END), MIN(e.ts)) AS next_ts
    FROM moment AS m
    JOIN events AS e ON e.user_id = m.user_id
    WHERE e.ts > m.ts
    GROUP BY m.user_id, m.ts
),
after AS (
    SELECT l.user_id, l.ts, e.level
    FROM later AS l
    JOIN events AS e ON e.user_id = l.user_id AND e.ts = l.next_ts
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY l.user_id, l.ts
        ORDER BY CASE WHEN e.level IS NULL THEN 1 ELSE 0 END, e.session_id, e.item_in_session, e.level
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
    change.ts AS changed_at,
    change.user_id,
    CASE change.page
        WHEN 'Submit Upgrade' THEN 'upgrade'
        WHEN 'Submit Downgrade' THEN 'downgrade'
        ELSE 'cancellation'
    END AS change,
    CASE
        WHEN change.page = 'Cancellation Confirmation' AND after.user_id IS NULL THEN 'proved'
        WHEN change.page <> 'Cancellation Confirmation' AND after.level IS NULL THEN 'open'
        WHEN change.page = 'Submit Upgrade' AND after.level = 'paid' THEN 'proved'
        WHEN change.page = 'Submit Downgrade' AND after.level = 'free' THEN 'proved'
        ELSE 'contradicted'
    END AS proof,
    COALESCE(before.plays, 0) AS plays_before
FROM change
LEFT JOIN after ON after.user_id = change.user_id AND after.ts = change.ts
LEFT JOIN before ON before.user_id = change.user_id AND before.ts = change.ts
ORDER BY change.ts, change.user_id, change.session_id, change.item_in_session, change.page
LIMIT :limit
