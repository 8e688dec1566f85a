-- Each artist has a song.
SELECT artists.artist_id
FROM artists
LEFT JOIN songs ON songs.artist_id = artists.artist_id
WHERE songs.artist_id IS NULL
