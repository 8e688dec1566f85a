-- One play as the star has it.
SELECT
    songplay_id, start_time, user_id, level, song_id, artist_id, title, artist_name, length, location, user_agent,
    session_id, item_in_session
FROM songplay
WHERE songplay_id = :songplay_id
