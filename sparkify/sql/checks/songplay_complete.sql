-- Every play in staging is in songplay: one row for each session, position in it and listener (or moment, without a listener).
SELECT stg_events.session_id, stg_events.item_in_session, stg_events.user_id, stg_events.file_id, stg_events.record
FROM stg_events
LEFT JOIN songplay
    ON songplay.session_id * 1000000 + songplay.item_in_session = stg_events.session_id * 1000000 + stg_events.item_in_session
    AND COALESCE(
        songplay.user_id, -1 - DATEDIFF(microsecond, CAST('1970-01-01 00:00:00' AS TIMESTAMP), songplay.start_time)
    ) = COALESCE(stg_events.user_id, -1 - DATEDIFF(microsecond, CAST('1970-01-01 00:00:00' AS TIMESTAMP), stg_events.ts))
WHERE stg_events.page IN (SELECT page FROM etl_play_page) AND songplay.songplay_id IS NULL
