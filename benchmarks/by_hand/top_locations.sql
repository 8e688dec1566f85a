SELECT location, COUNT(*) AS plays, COUNT(DISTINCT user_id) FROM songplay GROUP BY ALL ORDER BY plays DESC, location LIMIT 10
