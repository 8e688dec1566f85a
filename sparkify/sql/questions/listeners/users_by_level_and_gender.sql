-- How many listeners are free, paid or cancelled, women and men? As of each one's latest event.
-- Cancelled is whose latest is a Cancellation Confirmation.
SELECT
    CASE latest.page WHEN 'Cancellation Confirmation' THEN 'cancelled' ELSE u.level END AS level,
    u.gender,
    COUNT(*) AS listeners
FROM users AS u
LEFT JOIN (
    SELECT e.user_id, e.page
    FROM events AS e
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY e.user_id ORDER BY e.ts DESC, e.session_id DESC, e.item_in_session DESC, e.page DESC
    ) = 1
) AS latest ON latest.user_id = u.user_id
GROUP BY 1, 2
ORDER BY level, u.gender
