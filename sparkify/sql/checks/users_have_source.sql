-- Every user matches the record of their latest event.
SELECT users.user_id, users.last_ts
FROM users
LEFT JOIN (
    SELECT {sources(users AS e)}
    FROM stg_events AS e
    {form_joins(users AS e)}
    -- Only the moments that a listener's row shows: the rest of history need not be joined.
    WHERE e.ts IN (SELECT last_ts FROM users)
) AS record ON {same(users AS record)}
WHERE record.user_id IS NULL
