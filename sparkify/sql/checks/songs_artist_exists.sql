-- Every songs.artist_id exists in artists.
SELECT songs.song_id, songs.artist_id
FROM songs
LEFT JOIN artists ON artists.artist_id = songs.artist_id
WHERE artists.artist_id IS NULL
