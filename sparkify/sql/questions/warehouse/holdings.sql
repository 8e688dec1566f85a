-- What does the warehouse hold, and how fresh is it? (UTC)
SELECT
    (SELECT COUNT(*) FROM songplay) AS plays,
    (SELECT COUNT(*) FROM users) AS users,
    (SELECT COUNT(*) FROM songs) AS songs,
    (SELECT COUNT(*) FROM artists) AS artists,
    (SELECT latest_event FROM load_state) AS latest_event,
    (SELECT MIN(start_time) FROM songplay) AS first_play,
    (SELECT MAX(start_time) FROM songplay) AS latest_play,
    (SELECT MAX(started_at) FROM load_runs WHERE run_id IS NOT NULL) AS latest_run
