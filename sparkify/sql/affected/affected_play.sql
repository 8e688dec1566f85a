-- Plays of affected keys, for the checks: by their id, and those with a hash for an id by what it is made of.
SELECT p.*
FROM songplay AS p
WHERE p.songplay_id IN (SELECT event_id FROM affected_record)
UNION ALL
SELECT p.*
FROM songplay AS p
JOIN affected_event AS a ON a.session_id = p.session_id AND a.item_in_session = p.item_in_session
WHERE p.songplay_id < 0
