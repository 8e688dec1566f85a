-- Each artist stands once.
SELECT artist_id, COUNT(*) AS copies
FROM artists
GROUP BY artist_id
HAVING COUNT(*) > 1
