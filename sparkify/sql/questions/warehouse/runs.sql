-- What did each run load? The latest first; records read = loaded + duplicate + conflict + rejected, of files that are present.
-- Runs that were not published have no number, and the reason; each is listed above the run that was the latest then.
SELECT
    u.run_id,
    u.command,
    u.started_at,
    u.seconds,
    u.files,
    u.records_read AS read,
    u.loaded,
    u.duplicate,
    u.conflict,
    u.rejected,
    u.values_aside AS set_aside,
    u.warnings,
    u.plays,
    u.plays_song AS matched_song,
    u.plays_artist AS matched_artist,
    u.undone_in,
    u.outcome,
    a.reason
FROM load_runs AS u
LEFT JOIN etl_attempt AS a ON a.attempt_id = u.attempt_id
ORDER BY u.after_run DESC, CASE WHEN u.run_id IS NULL THEN 0 ELSE 1 END, u.started_at DESC
LIMIT :limit
