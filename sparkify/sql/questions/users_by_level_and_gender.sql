-- How many listeners are free, paid or cancelled, women and men? As of each one's latest event.
-- Cancelled is who has no event after a Cancellation Confirmation.
SELECT
    CASE WHEN cancelled.ts >= u.last_ts THEN 'cancelled' ELSE u.level END AS level,
    u.gender,
    COUNT(*) AS listeners
FROM users AS u
LEFT JOIN (
    SELECT e.user_id, MAX(e.ts) AS ts
    FROM events AS e
    WHERE e.page = 'Cancellation Confirmation'
    GROUP BY e.user_id
) AS cancelled ON cancelled.user_id = u.user_id
GROUP BY 1, 2
ORDER BY level, u.gender
