-- Listeners who were heard of again give way to their newer row.
DELETE FROM users
USING chosen_user
WHERE chosen_user.user_id = users.user_id
