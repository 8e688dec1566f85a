-- How many listeners are paid, free or cancelled at the end of each month, and how many played in the 30 days up to it?
-- A listener's level is the latest that an event says; cancelled is whose latest event is a Cancellation Confirmation.
-- A month without any event is left out. The last one ends with the log; one is in part where the log does not hold all
-- of it. Before the log's thirtieth day there is no number of 30 days.
WITH
log AS (
    SELECT CAST(MIN(ts) AS DATE) AS first_day, CAST(MAX(ts) AS DATE) AS last_day
    FROM events AS log
),
{part(month_level)},
standing AS (
    SELECT
        user_id,
        month,
        CASE page WHEN 'Cancellation Confirmation' THEN 'cancelled' ELSE level END AS level,
        LEAD(month) OVER (PARTITION BY user_id ORDER BY month) AS next_month
    FROM latest
),
month AS (
    SELECT
        known.month,
        LEAST(CAST(DATEADD(day, -1, DATEADD(month, 1, known.month)) AS DATE), log.last_day) AS last_day,
        CASE
            WHEN known.month >= log.first_day AND DATEADD(month, 1, known.month) <= DATEADD(day, 1, log.last_day)
                THEN 'whole'
            ELSE 'in part'
        END AS part,
        log.first_day
    FROM (SELECT DISTINCT CAST(DATE_TRUNC('month', ts) AS DATE) AS month FROM events AS log) AS known
    CROSS JOIN log
),
active AS (
    SELECT month.month, COUNT(DISTINCT p.user_id) AS listeners
    FROM month
    JOIN (
        SELECT user_id, CAST(start_time AS DATE) AS day
        FROM songplay
        GROUP BY 1, 2
    ) AS p ON p.day > DATEADD(day, -30, month.last_day) AND p.day <= month.last_day
    GROUP BY month.month
)
SELECT
    month.last_day AS month_end,
    COALESCE(SUM(CASE l.level WHEN 'paid' THEN 1 ELSE 0 END), 0) AS paid_listeners,
    COALESCE(SUM(CASE l.level WHEN 'free' THEN 1 ELSE 0 END), 0) AS free_listeners,
    COALESCE(SUM(CASE l.level WHEN 'cancelled' THEN 1 ELSE 0 END), 0) AS cancelled_listeners,
    MAX(CASE WHEN month.last_day >= DATEADD(day, 29, month.first_day) THEN COALESCE(active.listeners, 0) END) AS monthly_active,
    month.part AS month_in_log
FROM month
LEFT JOIN standing AS l ON l.month <= month.month AND (l.next_month IS NULL OR l.next_month > month.month)
LEFT JOIN active ON active.month = month.month
WHERE month.last_day >= CAST(:since AS DATE) AND month.last_day < CAST(:until AS DATE)
GROUP BY month.last_day, month.part
ORDER BY month.last_day
