-- Every row of songplay matches a source record.
SELECT songplay.songplay_id, songplay.start_time
FROM (
    SELECT
        songplay_id,
        session_id * 1000000 + item_in_session AS event_id,
        start_time,
        {shown(songplay)} AS said
    FROM songplay
    WHERE start_time BETWEEN :first_time AND :last_time
) AS songplay
LEFT JOIN (
    SELECT
        e.session_id * 1000000 + e.item_in_session AS event_id,
        e.ts,
        {source_of(songplay AS e)} AS said
    FROM stg_events AS e
    {form_joins(songplay AS e)}
    WHERE e.page IN (SELECT page FROM etl_play_page) AND e.ts BETWEEN :first_time AND :last_time
) AS record
    ON record.event_id = songplay.event_id
    AND record.ts = songplay.start_time
    AND record.said = songplay.said
WHERE record.event_id IS NULL
