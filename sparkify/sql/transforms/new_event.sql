-- The natural keys of the new events, and how often each came.
CREATE TEMP TABLE new_event AS
SELECT session_id * 1000000 + item_in_session AS event_id, COUNT(*) AS copies
FROM stg_events
WHERE run_id BETWEEN :first_run AND :last_run
GROUP BY 1
