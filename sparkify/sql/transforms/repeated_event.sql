-- Of these, the keys that came more than once or stood before.
CREATE TEMP TABLE repeated_event AS
SELECT event_id
FROM new_event
WHERE copies > 1
UNION
SELECT n.event_id
FROM stg_events AS e
JOIN new_event AS n ON n.event_id = e.session_id * 1000000 + e.item_in_session
WHERE e.run_id < :first_run OR e.run_id > :last_run
