-- All of their events do.
INSERT INTO chosen_user
    (user_id, first_name, last_name, gender, level, last_ts, last_session_id, last_item_in_session)
WITH candidate AS (
    SELECT
        e.user_id,
        COALESCE(f.normal, e.first_name) AS first_name,
        COALESCE(l.normal, e.last_name) AS last_name,
        TRIM(e.gender) AS gender,
        TRIM(e.level) AS level,
        e.ts AS last_ts,
        e.session_id AS last_session_id,
        e.item_in_session AS last_item_in_session
    FROM stg_events AS e
    LEFT JOIN text_form AS f ON f.raw_text = e.first_name AND f.raw_bytes = OCTET_LENGTH(e.first_name)
    LEFT JOIN text_form AS l ON l.raw_text = e.last_name AND l.raw_bytes = OCTET_LENGTH(e.last_name)
    WHERE e.user_id IN (SELECT user_id FROM leaving_event)
)
SELECT user_id, first_name, last_name, gender, level, last_ts, last_session_id, last_item_in_session
FROM candidate AS c
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY user_id
    ORDER BY
        last_ts DESC, last_session_id DESC, last_item_in_session DESC, level NULLS FIRST,
        first_name NULLS FIRST, last_name NULLS FIRST, gender NULLS FIRST
) = 1
