-- Every user matches the record of their latest event.
SELECT users.user_id, users.last_ts
FROM users
LEFT JOIN (
    SELECT
        e.user_id,
        e.ts,
        e.session_id,
        e.item_in_session,
        COALESCE(f.normal, e.first_name) AS first_name,
        COALESCE(l.normal, e.last_name) AS last_name,
        TRIM(e.gender) AS gender,
        TRIM(e.level) AS level
    FROM stg_events AS e
    LEFT JOIN text_form AS f ON f.raw_text = e.first_name AND f.raw_bytes = OCTET_LENGTH(e.first_name)
    LEFT JOIN text_form AS l ON l.raw_text = e.last_name AND l.raw_bytes = OCTET_LENGTH(e.last_name)
    -- Only the moments that a listener's row shows: the rest of history need not be joined.
    WHERE e.ts IN (SELECT last_ts FROM users)
) AS record
    ON record.user_id = users.user_id
    AND record.ts = users.last_ts
    AND record.session_id = users.last_session_id
    AND record.item_in_session = users.last_item_in_session
    AND COALESCE(record.first_name, '') = COALESCE(users.first_name, '')
    AND COALESCE(record.last_name, '') = COALESCE(users.last_name, '')
    AND COALESCE(record.gender, '') = COALESCE(users.gender, '')
    AND COALESCE(record.level, '') = COALESCE(users.level, '')
WHERE record.user_id IS NULL
