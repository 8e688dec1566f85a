-- artists.artist_id is unique.
SELECT artist_id, COUNT(*) AS copies
FROM artists
GROUP BY artist_id
HAVING COUNT(*) > 1
