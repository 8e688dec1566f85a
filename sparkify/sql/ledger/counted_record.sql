-- Every record of the keys that are counted: its key, and a hash of its content.
-- The key of an event is its session, its position there, and its listener, or for nobody the moment.
SELECT
    'events' AS dataset,
    e.run_id,
    e.file_id,
    e.record,
    CAST(e.event_id AS VARCHAR(20)) || '|' || e.listener AS natural_key,
    'session ' || CAST(e.session_id AS VARCHAR(20)) || ', item ' || CAST(e.item_in_session AS VARCHAR(20))
    || COALESCE(', listener ' || CAST(e.user_id AS VARCHAR(20)), ', no listener') AS label,
    e.ts,
    e.page,
    e.song AS title,
    e.artist,
    {content(stg_events AS e)} AS content
FROM event AS e
JOIN counted_event AS c ON c.session_id = e.session_id AND c.item_in_session = e.item_in_session
UNION ALL
SELECT
    'songs' AS dataset,
    s.run_id,
    s.file_id,
    s.record,
    s.song_id AS natural_key,
    s.song_id AS label,
    CAST(NULL AS TIMESTAMP) AS ts,
    CAST(NULL AS VARCHAR(64)) AS page,
    s.title,
    s.artist_name AS artist,
    {content(stg_songs AS s)} AS content
FROM stg_songs AS s
JOIN counted_song AS c ON c.song_id = s.song_id
