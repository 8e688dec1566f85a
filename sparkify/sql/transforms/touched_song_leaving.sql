-- And songs of which records leave.
INSERT INTO touched_song (song_id)
SELECT DISTINCT song_id
FROM leaving_song
WHERE song_id NOT IN (SELECT song_id FROM touched_song)
