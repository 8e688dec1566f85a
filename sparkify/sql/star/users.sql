-- Listeners as their latest event shows them; of several at that moment, the last one in order.
WITH
latest AS (
    SELECT e.user_id, MAX(e.ts) AS ts
    FROM event AS e
    WHERE e.user_id IS NOT NULL
    GROUP BY e.user_id
),
record AS (
    SELECT
        e.user_id,
        NULLIF(COALESCE(f.normal, e.first_name), '') AS first_name,
        NULLIF(COALESCE(l.normal, e.last_name), '') AS last_name,
        NULLIF(TRIM(e.gender), '') AS gender,
        NULLIF(TRIM(e.level), '') AS level,
        e.ts AS last_ts,
        e.session_id AS last_session_id,
        e.item_in_session AS last_item_in_session
    FROM event AS e
    JOIN latest AS m ON m.user_id = e.user_id AND m.ts = e.ts
    LEFT JOIN text_form AS f ON f.raw_text = e.first_name AND f.raw_bytes = OCTET_LENGTH(e.first_name)
    LEFT JOIN text_form AS l ON l.raw_text = e.last_name AND l.raw_bytes = OCTET_LENGTH(e.last_name)
)
SELECT
    r.user_id, r.first_name, r.last_name, r.gender, r.level, r.last_ts, r.last_session_id, r.last_item_in_session
FROM record AS r
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY r.user_id
    ORDER BY
        r.last_session_id DESC, r.last_item_in_session DESC, r.level NULLS FIRST,
        r.first_name NULLS FIRST, r.last_name NULLS FIRST, r.gender NULLS FIRST
) = 1
