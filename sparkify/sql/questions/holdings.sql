-- What does the warehouse hold, and how fresh is it? (UTC)
SELECT
    (SELECT COUNT(*) FROM songplay) AS plays,
    (SELECT COUNT(*) FROM users) AS users,
    (SELECT COUNT(*) FROM songs) AS songs,
    (SELECT COUNT(*) FROM artists) AS artists,
    (SELECT MAX(ts) FROM stg_events) AS latest_event,
    (SELECT MIN(start_time) FROM songplay) AS first_play,
    (SELECT MAX(start_time) FROM songplay) AS latest_play,
    (SELECT MAX(started_at) FROM etl_run) AS latest_run
