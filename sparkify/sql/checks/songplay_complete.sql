-- Every play in staging stands in the star: none is lost.
SELECT stg_events.session_id, stg_events.item_in_session, stg_events.file_id, stg_events.record
FROM stg_events
LEFT JOIN songplay ON songplay.songplay_id = stg_events.session_id * 1000000 + stg_events.item_in_session
WHERE stg_events.page = 'NextSong' AND songplay.songplay_id IS NULL
