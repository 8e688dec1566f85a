-- users.user_id is unique.
SELECT user_id, COUNT(*) AS copies
FROM users
GROUP BY user_id
HAVING COUNT(*) > 1
