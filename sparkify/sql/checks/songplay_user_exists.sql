-- Every songplay.user_id exists in users.
SELECT songplay.songplay_id, songplay.user_id
FROM songplay
LEFT JOIN users ON users.user_id = songplay.user_id
WHERE songplay.user_id IS NOT NULL AND users.user_id IS NULL
