-- Plays: of the records with one key and one listener the earliest, then the smallest, matched to the catalogue.
-- The first listener of a key has the key for an id, nobody before anybody; every further one a negative hash.
WITH
ranked AS (
    SELECT
        p.*,
        ROW_NUMBER() OVER (
            PARTITION BY p.event_id, p.listener
            ORDER BY {order(songplay AS p: start_time, level, title, artist_name, length, location, user_agent)}
        ) AS place
    FROM play AS p
    JOIN repeated_event AS r ON r.session_id = p.session_id AND r.item_in_session = p.item_in_session
),
identified AS (
    SELECT p.*, 1 AS place, p.event_id AS songplay_id
    FROM play AS p
    LEFT JOIN repeated_event AS r ON r.session_id = p.session_id AND r.item_in_session = p.item_in_session
    WHERE r.session_id IS NULL
    UNION ALL
    SELECT
        k.*,
        CASE
            WHEN ROW_NUMBER() OVER (PARTITION BY k.event_id ORDER BY k.user_id NULLS FIRST, k.start_time) = 1
                THEN k.event_id
            ELSE -1 - STRTOL(
                SUBSTRING(
                    MD5(
                        CAST(k.session_id AS VARCHAR(20)) || '|' || CAST(k.item_in_session AS VARCHAR(20)) || '|'
                        || k.listener
                    ), 1, 15
                ), 16
            )
        END AS songplay_id
    FROM ranked AS k
    WHERE k.place = 1
)
SELECT {columns(songplay AS i)}
FROM identified AS i
