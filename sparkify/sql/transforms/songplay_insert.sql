-- The plays whose key is new: nothing to choose.
INSERT INTO songplay (
    songplay_id, start_time, user_id, level, song_id, artist_id, session_id, item_in_session, location,
    user_agent, title, artist_name, length
)
SELECT
    e.session_id * 1000000 + e.item_in_session AS songplay_id,
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
JOIN heard AS h
    ON COALESCE(h.song, '') = COALESCE(e.song, '')
    AND COALESCE(h.artist, '') = COALESCE(e.artist, '')
    AND COALESCE(h.length, -1) = COALESCE(e.length, -1)
LEFT JOIN text_form AS l ON l.raw_text = e.location AND l.raw_bytes = OCTET_LENGTH(e.location)
WHERE
    e.run_id BETWEEN :first_run AND :last_run
    AND e.page IN (SELECT page FROM etl_play_page)
    AND e.session_id * 1000000 + e.item_in_session NOT IN (SELECT event_id FROM repeated_event)
