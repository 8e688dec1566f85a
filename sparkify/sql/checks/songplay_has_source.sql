-- Every play of the star stands in staging: none is invented, and none begins earlier than it was reported.
SELECT songplay.songplay_id, songplay.start_time
FROM songplay
LEFT JOIN stg_events
    ON stg_events.session_id * 1000000 + stg_events.item_in_session = songplay.songplay_id
    AND stg_events.ts = songplay.start_time
    AND stg_events.page = 'NextSong'
    AND stg_events.ts BETWEEN :first_time AND :last_time
WHERE stg_events.ts IS NULL AND songplay.start_time BETWEEN :first_time AND :last_time
