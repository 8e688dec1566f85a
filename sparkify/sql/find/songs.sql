-- Songs by the title that the app reported, with their plays.
SELECT p.title, p.artist_name AS artist, COUNT(*) AS plays, p.title AS name
FROM songplay AS p
GROUP BY p.title, p.artist_name
