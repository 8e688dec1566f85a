-- Where two listeners share session and position, one of their plays has the id session_id * 1,000,000 + item_in_session.
SELECT songplay.songplay_id, songplay.session_id, songplay.item_in_session, songplay.user_id
FROM songplay
LEFT JOIN (
    SELECT songplay_id
    FROM songplay
    WHERE songplay_id >= 0
) AS plain ON plain.songplay_id = songplay.session_id * 1000000 + songplay.item_in_session
WHERE songplay.songplay_id < 0 AND plain.songplay_id IS NULL
