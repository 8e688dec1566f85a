FROM (SELECT user_id, COUNT(*) AS plays FROM songplay WHERE user_id IS NOT NULL GROUP BY ALL ORDER BY plays DESC, user_id LIMIT 10)
JOIN users USING (user_id) SELECT user_id, first_name, last_name, level, plays ORDER BY plays DESC, user_id
