-- Touched songs are made anew from all their records.
DELETE FROM songs
USING touched_song
WHERE touched_song.song_id = songs.song_id
