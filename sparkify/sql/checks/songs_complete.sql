-- Every song in staging is in songs.
SELECT DISTINCT stg_songs.song_id
FROM stg_songs
LEFT JOIN songs ON songs.song_id = stg_songs.song_id
WHERE songs.song_id IS NULL
