-- For them the new events alone do not decide.
DELETE FROM chosen_user
USING leaving_event
WHERE leaving_event.user_id = chosen_user.user_id
