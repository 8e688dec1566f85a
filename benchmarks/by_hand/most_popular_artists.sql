SELECT artist_name, COUNT(*) AS plays, COUNT(DISTINCT user_id) AS listeners
FROM songplay GROUP BY ALL ORDER BY plays DESC, artist_name LIMIT 10
