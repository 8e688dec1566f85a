-- Every listener in staging is in users.
SELECT DISTINCT stg_events.user_id
FROM stg_events
LEFT JOIN users ON users.user_id = stg_events.user_id
WHERE stg_events.user_id IS NOT NULL AND users.user_id IS NULL
