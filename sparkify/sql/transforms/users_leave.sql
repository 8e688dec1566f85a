-- Listeners of whom events leave are chosen anew from all that stays; some go.
DELETE FROM users
USING leaving_event
WHERE leaving_event.user_id = users.user_id
