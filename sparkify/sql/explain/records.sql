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
    e.item_in_session
FROM stg_events AS e
LEFT JOIN etl_run AS r ON r.run_id = e.run_id
LEFT JOIN etl_file AS f ON f.file_id = e.file_id
LEFT JOIN text_repair AS t ON t.raw_text = e.song
LEFT JOIN text_repair AS n ON n.raw_text = e.artist
LEFT JOIN text_repair AS l ON l.raw_text = e.location
WHERE e.session_id = :session_id AND e.item_in_session = :item_in_session
ORDER BY
    CASE WHEN e.page = 'NextSong' THEN 0 ELSE 1 END,
    e.ts,
    e.user_id NULLS FIRST,
    e.level NULLS FIRST,
    NULLIF(TRIM(COALESCE(t.repaired, e.song)), '') NULLS FIRST,
    NULLIF(TRIM(COALESCE(n.repaired, e.artist)), '') NULLS FIRST,
    e.length NULLS FIRST,
    NULLIF(TRIM(COALESCE(l.repaired, e.location)), '') NULLS FIRST,
    TRIM(BOTH '"' FROM e.user_agent) NULLS FIRST,
    e.run_id, e.file_id, e.record
