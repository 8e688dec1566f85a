-- What did each run bring? The latest first; records read = loaded + duplicate + rejected, of what stands (or stood last).
SELECT
    run_id,
    command,
    started_at,
    seconds,
    files,
    records_read AS read,
    loaded,
    duplicate,
    rejected,
    plays,
    plays_song AS matched_song,
    plays_artist AS matched_artist,
    undone_in
FROM etl_run
ORDER BY run_id DESC
LIMIT :limit
