-- Of the listeners of a month's beginning, how many leave within it? By the latest level that an event said.
-- A listener is whoever played in the 28 days before the month and has not cancelled since. They leave by cancelling
-- (Cancellation Confirmation), by going from paid to free (Submit Downgrade), or by falling silent: the 28th day after
-- their last play is in the month. Who leaves in several ways is churned once. Months without a month before are absent;
-- one is in part where the log does not hold all of it, or not the 28 days before it.
WITH
active AS (
    SELECT user_id, day, LEAD(day) OVER (PARTITION BY user_id ORDER BY day) AS next_day
    FROM (
        SELECT DISTINCT p.user_id, CAST(p.start_time AS DATE) AS day
        FROM songplay AS p
        WHERE p.user_id IS NOT NULL
    ) AS played
),
log AS (
    SELECT CAST(MIN(ts) AS DATE) AS first_day, CAST(MAX(ts) AS DATE) AS last_day
    FROM events AS log
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
            WHERE e.user_id IS NOT NULL
        ) AS counted
    ) AS carried
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY user_id, month ORDER BY ts DESC, session_id DESC, item_in_session DESC, page DESC
    ) = 1
),
base AS (
    SELECT l.user_id, CAST(DATEADD(month, 1, l.month) AS DATE) AS month, l.level
    FROM latest AS l
    JOIN (
        SELECT user_id, CAST(DATE_TRUNC('month', day) AS DATE) AS month, MAX(day) AS last_day
        FROM active
        GROUP BY 1, 2
    ) AS played ON played.user_id = l.user_id AND played.month = l.month
    WHERE
        played.last_day >= DATEADD(day, -28, DATEADD(month, 1, l.month))
        AND l.page <> 'Cancellation Confirmation'
),
gone AS (
    SELECT user_id, month, MAX(cancelled) AS cancelled, MAX(downgraded) AS downgraded, MAX(silent) AS silent
    FROM (
        SELECT
            e.user_id,
            CAST(DATE_TRUNC('month', e.ts) AS DATE) AS month,
            CASE e.page WHEN 'Submit Downgrade' THEN 0 ELSE 1 END AS cancelled,
            CASE e.page WHEN 'Submit Downgrade' THEN 1 ELSE 0 END AS downgraded,
            0 AS silent
        FROM events AS e
        WHERE e.page IN ('Submit Downgrade', 'Cancellation Confirmation') AND e.user_id IS NOT NULL
        UNION ALL
        SELECT a.user_id, CAST(DATE_TRUNC('month', DATEADD(day, 28, a.day)) AS DATE), 0, 0, 1
        FROM active AS a
        CROSS JOIN log
        WHERE
            (a.next_day IS NULL OR a.next_day > DATEADD(day, 28, a.day))
            AND DATEADD(day, 28, a.day) <= log.last_day
    ) AS way
    GROUP BY user_id, month
)
SELECT
    base.month,
    base.level,
    ROUND(100.0 * COUNT(gone.user_id) / COUNT(*), 1) AS percent_churned,
    COUNT(gone.user_id) AS churned,
    COALESCE(SUM(gone.cancelled), 0) AS cancelled,
    COALESCE(SUM(CASE base.level WHEN 'paid' THEN gone.downgraded END), 0) AS downgraded,
    COALESCE(SUM(gone.silent), 0) AS silent,
    COUNT(*) AS listeners,
    CASE
        WHEN
            DATEADD(month, 1, base.month) <= DATEADD(day, 1, log.last_day)
            AND DATEADD(day, -28, base.month) >= log.first_day
            THEN 'whole'
        ELSE 'in part'
    END AS month_in_log
FROM base
CROSS JOIN log
LEFT JOIN gone
    ON gone.user_id = base.user_id
    AND gone.month = base.month
    AND (gone.cancelled = 1 OR gone.silent = 1 OR base.level = 'paid')
WHERE
    base.month <= log.last_day
    AND base.month >= CAST(:since AS DATE)
    AND base.month < CAST(:until AS DATE)
    AND (:level IS NULL OR base.level = :level)
GROUP BY base.month, base.level, log.first_day, log.last_day
ORDER BY base.month, base.level
