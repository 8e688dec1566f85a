-- How many plays do the songs of each year of release have?
SELECT s.year, COUNT(*) AS plays, COUNT(DISTINCT p.user_id) AS listeners
FROM songplay AS p
JOIN songs AS s ON s.song_id = p.song_id
GROUP BY s.year
