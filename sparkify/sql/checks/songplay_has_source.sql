-- Every play of the star says what a record of it in staging says; none begins earlier than it was reported.
SELECT songplay.songplay_id, songplay.start_time
FROM songplay
LEFT JOIN (
    SELECT
        e.session_id * 1000000 + e.item_in_session AS event_id,
        e.ts,
        e.user_id,
        e.level,
        NULLIF(TRIM(COALESCE(l.repaired, e.location)), '') AS location,
        TRIM(BOTH '"' FROM e.user_agent) AS user_agent,
        NULLIF(TRIM(COALESCE(t.repaired, e.song)), '') AS title,
        NULLIF(TRIM(COALESCE(n.repaired, e.artist)), '') AS artist_name,
        e.length
    FROM stg_events AS e
    LEFT JOIN text_repair AS l ON l.raw_text = e.location
    LEFT JOIN text_repair AS t ON t.raw_text = e.song
    LEFT JOIN text_repair AS n ON n.raw_text = e.artist
    WHERE e.page = 'NextSong' AND e.ts BETWEEN :first_time AND :last_time
) AS record
    ON record.event_id = songplay.songplay_id
    AND record.ts = songplay.start_time
    AND COALESCE(record.user_id, -1) = COALESCE(songplay.user_id, -1)
    AND COALESCE(record.level, '') = COALESCE(songplay.level, '')
    AND COALESCE(record.location, '') = COALESCE(songplay.location, '')
    AND COALESCE(record.user_agent, '') = COALESCE(songplay.user_agent, '')
    AND COALESCE(record.title, '') = COALESCE(songplay.title, '')
    AND COALESCE(record.artist_name, '') = COALESCE(songplay.artist_name, '')
    AND COALESCE(record.length, -1) = COALESCE(songplay.length, -1)
WHERE record.ts IS NULL AND songplay.start_time BETWEEN :first_time AND :last_time
