-- Every songplay.start_time exists in time.
SELECT songplay.songplay_id, songplay.start_time
FROM songplay
LEFT JOIN time ON time.start_time = songplay.start_time
WHERE time.start_time IS NULL
