-- Every record of one play, those first that say what the star says.
SELECT {columns(stg_events AS e)}, r.command, r.started_at, f.uri
FROM songplay AS s
JOIN stg_events AS e
    ON e.session_id = s.session_id
    AND e.item_in_session = s.item_in_session
    AND (e.user_id = s.user_id OR (e.user_id IS NULL AND s.user_id IS NULL AND e.ts = s.start_time))
LEFT JOIN etl_run AS r ON r.run_id = e.run_id
LEFT JOIN etl_file AS f ON f.file_id = e.file_id
LEFT JOIN etl_play_page AS p ON p.page = e.page
{form_joins(songplay AS e)}
WHERE s.songplay_id = :songplay_id
ORDER BY
    CASE WHEN p.page IS NULL THEN 1 ELSE 0 END,
    e.ts,
    CASE WHEN {source_of(songplay AS e)} = {shown(songplay AS s)} THEN 0 ELSE 1 END,
    e.run_id, e.file_id, e.record
