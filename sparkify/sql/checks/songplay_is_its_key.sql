-- A play's id is its session and its position in it, from 0 to 999,999.
SELECT songplay_id, session_id, item_in_session, start_time
FROM songplay
WHERE
    songplay_id <> session_id * 1000000 + item_in_session
    OR item_in_session NOT BETWEEN 0 AND 999999
