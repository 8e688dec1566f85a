-- Plays as the star shows them: one row for each record of a play, its text in normal form.
SELECT
    e.event_id,
    e.listener,
    e.session_id,
    e.item_in_session,
    e.ts AS start_time,
    e.user_id,
    TRIM(e.level) AS level,
    NULLIF(COALESCE(l.normal, e.location), '') AS location,
    TRIM(BOTH '" ' FROM e.user_agent) AS user_agent,
    NULLIF(COALESCE(t.normal, e.song), '') AS title,
    NULLIF(COALESCE(n.normal, e.artist), '') AS artist_name,
    e.length,
    NULLIF(COALESCE(t.folded, LOWER(e.song)), '') AS folded_title,
    NULLIF(COALESCE(n.folded, LOWER(e.artist)), '') AS folded_name
FROM event AS e
LEFT JOIN text_form AS t ON t.raw_text = e.song AND t.raw_bytes = OCTET_LENGTH(e.song)
LEFT JOIN text_form AS n ON n.raw_text = e.artist AND n.raw_bytes = OCTET_LENGTH(e.artist)
LEFT JOIN text_form AS l ON l.raw_text = e.location AND l.raw_bytes = OCTET_LENGTH(e.location)
WHERE e.page IN (SELECT page FROM etl_play_page)
