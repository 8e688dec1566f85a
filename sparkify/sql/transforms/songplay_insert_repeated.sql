-- The plays whose key came more than once: the smallest time wins, then the smallest record.
INSERT INTO songplay (
    songplay_id, start_time, user_id, level, song_id, artist_id, session_id, item_in_session, location,
    user_agent, title, artist_name, length
)
WITH record AS (
    SELECT
        r.event_id AS songplay_id,
        e.ts AS start_time,
        e.user_id,
        e.level,
        h.song_id,
        h.artist_id,
        e.session_id,
        e.item_in_session,
        NULLIF(TRIM(COALESCE(l.repaired, e.location)), '') AS location,
        TRIM(BOTH '"' FROM e.user_agent) AS user_agent,
        h.title,
        h.artist_name,
        e.length
    FROM stg_events AS e
    JOIN repeated_event AS r ON r.event_id = e.session_id * 1000000 + e.item_in_session
    JOIN heard AS h
        ON COALESCE(h.song, '') = COALESCE(e.song, '')
        AND COALESCE(h.artist, '') = COALESCE(e.artist, '')
        AND COALESCE(h.length, -1) = COALESCE(e.length, -1)
    LEFT JOIN text_repair AS l ON l.raw_text = e.location
    WHERE e.page = 'NextSong'
)
SELECT
    songplay_id, start_time, user_id, level, song_id, artist_id, session_id, item_in_session, location,
    user_agent, title, artist_name, length
FROM record AS r
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY songplay_id
    ORDER BY
        start_time, user_id NULLS FIRST, level NULLS FIRST, title NULLS FIRST, artist_name NULLS FIRST,
        length NULLS FIRST, location NULLS FIRST, user_agent NULLS FIRST
) = 1
