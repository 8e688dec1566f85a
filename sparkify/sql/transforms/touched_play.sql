-- Plays at the keys of the new events: what checks look at.
CREATE TEMP TABLE touched_play AS
SELECT event_id AS songplay_id
FROM new_event
UNION ALL
SELECT p.songplay_id
FROM songplay AS p
JOIN repeated_event AS r ON r.event_id = p.session_id * 1000000 + p.item_in_session
WHERE p.songplay_id < 0
