-- No event in staging is later than the latest event of its user.
SELECT stg_events.user_id, MAX(stg_events.ts) AS latest_event
FROM stg_events
JOIN users ON users.user_id = stg_events.user_id
WHERE stg_events.ts > users.last_ts
GROUP BY stg_events.user_id
