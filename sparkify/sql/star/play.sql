-- Plays as the star shows them: one row for each record of a play, its text in normal form, with what it matches.
SELECT
    e.event_id,
    e.listener,
    e.session_id,
    e.item_in_session,
    e.ts AS start_time,
    e.user_id,
    NULLIF(TRIM(e.level), '') AS level,
    m.song_id,
    m.artist_id,
    NULLIF(COALESCE(l.normal, e.location), '') AS location,
    NULLIF(TRIM(BOTH '" ' FROM e.user_agent), '') AS user_agent,
    m.title,
    m.artist_name,
    e.length
FROM event AS e
JOIN play_match AS m
    ON COALESCE(m.song, '') = COALESCE(e.song, '')
    AND COALESCE(m.song_bytes, -1) = COALESCE(OCTET_LENGTH(e.song), -1)
    AND COALESCE(m.artist, '') = COALESCE(e.artist, '')
    AND COALESCE(m.artist_bytes, -1) = COALESCE(OCTET_LENGTH(e.artist), -1)
    AND COALESCE(m.length, -1) = COALESCE(e.length, -1)
LEFT JOIN text_form AS l ON l.raw_text = e.location AND l.raw_bytes = OCTET_LENGTH(e.location)
WHERE e.page IN (SELECT page FROM etl_play_page)
