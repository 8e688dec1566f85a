-- Moments of plays that are about to give way: they go, unless another play still begins then.
CREATE TEMP TABLE stale_time AS
SELECT DISTINCT p.start_time
FROM songplay AS p
JOIN replaced_play AS r ON r.songplay_id = p.songplay_id
