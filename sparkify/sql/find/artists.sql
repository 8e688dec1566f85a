-- Artists by the name that the app reported, with their plays.
SELECT p.artist_name AS artist, COUNT(*) AS plays, p.artist_name AS name
FROM songplay AS p
GROUP BY p.artist_name
