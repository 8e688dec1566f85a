-- Events with their key: one row for each record in staging. Whoever had no login is told apart by the moment.
SELECT
    e.*,
    e.session_id * 1000000 + e.item_in_session AS event_id,
    COALESCE(
        CAST(e.user_id AS VARCHAR(20)),
        '@' || CAST(DATEDIFF(microsecond, CAST('1970-01-01 00:00:00' AS TIMESTAMP), e.ts) AS VARCHAR(20))
    ) AS listener
FROM stg_events AS e
