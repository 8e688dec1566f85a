SELECT title, artist_name, COUNT(*) AS plays FROM songplay GROUP BY ALL ORDER BY plays DESC, title, artist_name LIMIT 10
