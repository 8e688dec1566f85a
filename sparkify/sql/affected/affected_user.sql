-- Listeners of whom events come or go.
SELECT DISTINCT user_id
FROM changed_event
WHERE user_id IS NOT NULL
