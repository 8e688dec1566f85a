-- Events to be counted as loaded, duplicate or conflict: at the keys that came more than once or stood before.
CREATE TEMP TABLE counted_event AS
SELECT event_id
FROM repeated_event
