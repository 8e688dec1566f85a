-- Plays that give way: at those keys, the listeners' plays are chosen again from all records.
CREATE TEMP TABLE replaced_play AS
SELECT event_id AS songplay_id
FROM repeated_event
UNION ALL
SELECT p.songplay_id
FROM songplay AS p
JOIN repeated_event AS r ON r.event_id = p.session_id * 1000000 + p.item_in_session
WHERE p.songplay_id < 0
