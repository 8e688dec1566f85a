SELECT title, artist_name, COUNT(*) AS plays FROM songplay WHERE song_id IS NULL
GROUP BY ALL ORDER BY plays DESC, title, artist_name LIMIT 10
