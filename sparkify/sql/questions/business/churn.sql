-- Of the listeners of a month's beginning, how many have left by its end? By the latest level that an event said.
-- A listener is whoever played in the 28 days before and has not cancelled: their latest event is no Cancellation
-- Confirmation. They leave by cancelling, by falling silent (no play in the last 28 days), or by going from paid to free
-- (their last submit of the month is a Submit Downgrade). Who leaves in several ways is churned once. Months without a
-- month before are absent; one is in part where the log does not hold all of it, or not the 28 days before it.
WITH
log AS (
    SELECT CAST(MIN(ts) AS DATE) AS first_day, CAST(DATEADD(day, 1, MAX(ts)) AS DATE) AS until_day
    FROM events AS log
),
{part(month_level)},
submitted AS (
    SELECT e.user_id, CAST(DATE_TRUNC('month', e.ts) AS DATE) AS month, e.page
    FROM events AS e
    WHERE e.page IN ('Submit Upgrade', 'Submit Downgrade') AND e.user_id IS NOT NULL
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY e.user_id, DATE_TRUNC('month', e.ts)
        ORDER BY e.ts DESC, e.session_id DESC, e.item_in_session DESC, e.page DESC
    ) = 1
),
played AS (
    SELECT p.user_id, CAST(DATE_TRUNC('month', p.start_time) AS DATE) AS month, CAST(MAX(p.start_time) AS DATE) AS last_day
    FROM songplay AS p
    WHERE p.user_id IS NOT NULL
    GROUP BY 1, 2
),
standing AS (
    SELECT
        l.user_id,
        l.month,
        CAST(DATEADD(month, 1, l.month) AS DATE) AS next_month,
        l.level,
        played.last_day,
        CASE l.page WHEN 'Cancellation Confirmation' THEN 1 ELSE 0 END AS is_cancelled,
        CASE submitted.page WHEN 'Submit Downgrade' THEN 1 ELSE 0 END AS is_downgraded
    FROM latest AS l
    LEFT JOIN played ON played.user_id = l.user_id AND played.month = l.month
    LEFT JOIN submitted ON submitted.user_id = l.user_id AND submitted.month = l.month
),
listener AS (
    SELECT
        begun.next_month AS month,
        begun.level,
        COALESCE(ended.is_cancelled, 0) AS cancelled,
        CASE begun.level WHEN 'paid' THEN COALESCE(ended.is_downgraded, 0) ELSE 0 END AS downgraded,
        CASE
            WHEN
                COALESCE(ended.last_day, begun.last_day)
                < DATEADD(day, -28, LEAST(CAST(DATEADD(month, 1, begun.next_month) AS DATE), log.until_day))
                THEN 1
            ELSE 0
        END AS silent
    FROM standing AS begun
    CROSS JOIN log
    LEFT JOIN standing AS ended ON ended.user_id = begun.user_id AND ended.month = begun.next_month
    WHERE begun.is_cancelled = 0 AND begun.last_day >= DATEADD(day, -28, begun.next_month)
)
SELECT
    listener.month,
    listener.level,
    ROUND(100.0 * SUM(GREATEST(cancelled, downgraded, silent)) / COUNT(*), 1) AS percent_churned,
    SUM(GREATEST(cancelled, downgraded, silent)) AS churned,
    SUM(cancelled) AS cancelled,
    SUM(downgraded) AS downgraded,
    SUM(silent) AS silent,
    COUNT(*) AS listeners,
    CASE
        WHEN
            DATEADD(month, 1, listener.month) <= log.until_day
            AND DATEADD(day, -28, listener.month) >= log.first_day
            THEN 'whole'
        ELSE 'in part'
    END AS month_in_log
FROM listener
CROSS JOIN log
WHERE
    listener.month < log.until_day
    AND listener.month >= CAST(:since AS DATE)
    AND listener.month < CAST(:until AS DATE)
    AND (:level IS NULL OR listener.level = :level)
GROUP BY listener.month, listener.level, log.first_day, log.until_day
ORDER BY listener.month, listener.level
