-- From where are the artists who are played?
SELECT a.location, COUNT(*) AS plays
FROM songplay AS p
JOIN artists AS a ON a.artist_id = p.artist_id
GROUP BY a.location
