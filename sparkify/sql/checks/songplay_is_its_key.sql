-- A play's id is its session and its position in it, and its required values are there.
SELECT songplay_id, session_id, item_in_session, start_time
FROM songplay
WHERE
    songplay_id <> session_id * 1000000 + item_in_session
    OR item_in_session NOT BETWEEN 0 AND 999999
    OR start_time IS NULL
