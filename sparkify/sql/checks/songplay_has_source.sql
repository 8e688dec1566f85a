-- Every row of songplay matches a source record.
SELECT songplay.songplay_id, songplay.start_time
FROM (
    SELECT
        songplay_id,
        session_id * 1000000 + item_in_session AS event_id,
        start_time,
        -- One hash of 64 bits for all that is said: the join carries no text.
        FNV_HASH(COALESCE(user_id, -1),
            FNV_HASH(COALESCE(level, ''),
                FNV_HASH(COALESCE(location, ''),
                    FNV_HASH(COALESCE(user_agent, ''),
                        FNV_HASH(COALESCE(title, ''),
                            FNV_HASH(COALESCE(artist_name, ''), FNV_HASH(COALESCE(length, -1)))))))) AS said
    FROM songplay
    WHERE start_time BETWEEN :first_time AND :last_time
) AS songplay
LEFT JOIN (
    SELECT
        e.session_id * 1000000 + e.item_in_session AS event_id,
        e.ts,
        FNV_HASH(COALESCE(e.user_id, -1),
            FNV_HASH(COALESCE(TRIM(e.level), ''),
                FNV_HASH(COALESCE(NULLIF(COALESCE(l.normal, e.location), ''), ''),
                    FNV_HASH(COALESCE(TRIM(BOTH '" ' FROM e.user_agent), ''),
                        FNV_HASH(COALESCE(NULLIF(COALESCE(t.normal, e.song), ''), ''),
                            FNV_HASH(COALESCE(NULLIF(COALESCE(n.normal, e.artist), ''), ''),
                                FNV_HASH(COALESCE(e.length, -1)))))))) AS said
    FROM stg_events AS e
    LEFT JOIN text_form AS l ON l.raw_text = e.location AND l.raw_bytes = OCTET_LENGTH(e.location)
    LEFT JOIN text_form AS t ON t.raw_text = e.song AND t.raw_bytes = OCTET_LENGTH(e.song)
    LEFT JOIN text_form AS n ON n.raw_text = e.artist AND n.raw_bytes = OCTET_LENGTH(e.artist)
    WHERE e.page IN (SELECT page FROM etl_play_page) AND e.ts BETWEEN :first_time AND :last_time
) AS record
    ON record.event_id = songplay.event_id
    AND record.ts = songplay.start_time
    AND record.said = songplay.said
WHERE record.event_id IS NULL
