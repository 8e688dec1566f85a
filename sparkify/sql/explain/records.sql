-- Every record of one play, the one that the star took first.
SELECT
    e.run_id,
    r.command,
    r.started_at,
    f.uri,
    e.record,
    e.page,
    e.ts,
    e.user_id,
    e.first_name,
    e.last_name,
    e.gender,
    e.level,
    e.song,
    e.artist,
    e.length,
    e.location,
    e.user_agent,
    e.session_id,
    e.item_in_session,
    e.extra
FROM stg_events AS e
LEFT JOIN etl_run AS r ON r.run_id = e.run_id
LEFT JOIN etl_file AS f ON f.file_id = e.file_id
LEFT JOIN etl_play_page AS p ON p.page = e.page
LEFT JOIN text_form AS t ON t.raw_text = e.song AND t.raw_bytes = OCTET_LENGTH(e.song)
LEFT JOIN text_form AS n ON n.raw_text = e.artist AND n.raw_bytes = OCTET_LENGTH(e.artist)
LEFT JOIN text_form AS l ON l.raw_text = e.location AND l.raw_bytes = OCTET_LENGTH(e.location)
WHERE
    e.session_id = :session_id
    AND e.item_in_session = :item_in_session
    AND COALESCE(e.user_id, -1) = COALESCE(:user_id, -1)
    AND (e.user_id IS NOT NULL OR e.ts = :start_time)
ORDER BY
    CASE WHEN p.page IS NULL THEN 1 ELSE 0 END,
    e.ts,
    e.user_id NULLS FIRST,
    TRIM(e.level) NULLS FIRST,
    NULLIF(COALESCE(t.normal, e.song), '') NULLS FIRST,
    NULLIF(COALESCE(n.normal, e.artist), '') NULLS FIRST,
    e.length NULLS FIRST,
    NULLIF(COALESCE(l.normal, e.location), '') NULLS FIRST,
    TRIM(BOTH '" ' FROM e.user_agent) NULLS FIRST,
    e.run_id, e.file_id, e.record
