-- songs.song_id is unique.
SELECT song_id, COUNT(*) AS copies
FROM songs
GROUP BY song_id
HAVING COUNT(*) > 1
