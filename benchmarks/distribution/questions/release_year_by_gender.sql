-- Of which years are the songs that women and men play?
SELECT u.gender, s.year, COUNT(*) AS plays
FROM songplay AS p
JOIN users AS u ON u.user_id = p.user_id
JOIN songs AS s ON s.song_id = p.song_id
GROUP BY u.gender, s.year
