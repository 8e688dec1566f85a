-- Moments of all records at affected keys: there, and nowhere else, may plays begin or begin no more.
SELECT DISTINCT e.ts AS start_time
FROM event AS e
JOIN affected_event AS a ON a.session_id = e.session_id AND a.item_in_session = e.item_in_session
