-- Each listener as their latest event shows them.
INSERT INTO users
    (user_id, first_name, last_name, gender, level, last_ts, last_session_id, last_item_in_session)
SELECT user_id, first_name, last_name, gender, level, last_ts, last_session_id, last_item_in_session
FROM chosen_user
