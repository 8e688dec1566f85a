-- Moments of plays that are about to give way: they go, unless another play still begins then.
CREATE TEMP TABLE stale_time AS
SELECT DISTINCT p.start_time
FROM songplay AS p
JOIN repeated_event AS r ON r.event_id = p.songplay_id
