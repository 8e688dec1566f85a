-- The plays whose key came more than once, one for each listener: their smallest time wins, then their smallest record.
-- The first listener's play has the id of its key, nobody's before anybody's; every further one has a negative id,
-- made of session, position and listener. Of nobody's plays, each moment is one.
INSERT INTO songplay (
    songplay_id, start_time, user_id, level, song_id, artist_id, session_id, item_in_session, location,
    user_agent, title, artist_name, length
)
WITH
record AS (
    SELECT
        r.event_id,
        CASE WHEN e.user_id IS NULL THEN DATEDIFF(microsecond, CAST('1970-01-01 00:00:00' AS TIMESTAMP), e.ts) END AS moment,
        e.ts AS start_time,
        e.user_id,
        TRIM(e.level) AS level,
        h.song_id,
        h.artist_id,
        e.session_id,
        e.item_in_session,
        NULLIF(COALESCE(l.normal, e.location), '') AS location,
        TRIM(BOTH '" ' FROM e.user_agent) AS user_agent,
        h.title,
        h.artist_name,
        e.length
    FROM stg_events AS e
    JOIN repeated_event AS r ON r.event_id = e.session_id * 1000000 + e.item_in_session
    JOIN heard AS h
        ON COALESCE(h.song, '') = COALESCE(e.song, '')
        AND COALESCE(h.artist, '') = COALESCE(e.artist, '')
        AND COALESCE(h.length, -1) = COALESCE(e.length, -1)
    LEFT JOIN text_form AS l ON l.raw_text = e.location AND l.raw_bytes = OCTET_LENGTH(e.location)
    WHERE e.page IN (SELECT page FROM etl_play_page)
),
play AS (
    SELECT
        event_id, moment, start_time, user_id, level, song_id, artist_id, session_id, item_in_session, location,
        user_agent, title, artist_name, length
    FROM record AS r
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY event_id, user_id, moment
        ORDER BY
            start_time, level NULLS FIRST, title NULLS FIRST, artist_name NULLS FIRST, length NULLS FIRST,
            location NULLS FIRST, user_agent NULLS FIRST
    ) = 1
)
SELECT
    CASE
        WHEN ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY user_id NULLS FIRST, moment) = 1 THEN event_id
        ELSE -1 - STRTOL(
            SUBSTRING(
                MD5(
                    CAST(session_id AS VARCHAR(20)) || '|' || CAST(item_in_session AS VARCHAR(20)) || '|'
                    || COALESCE(CAST(user_id AS VARCHAR(20)), '@' || CAST(moment AS VARCHAR(20)))
                ), 1, 15
            ), 16
        )
    END AS songplay_id,
    start_time, user_id, level, song_id, artist_id, session_id, item_in_session, location,
    user_agent, title, artist_name, length
FROM play
