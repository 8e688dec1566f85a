-- What did each run load? The latest first; records read = loaded + duplicate + conflict + rejected, of what still counts.
SELECT
    r.run_id,
    r.command,
    r.started_at,
    r.seconds,
    r.files,
    r.records_read AS read,
    r.loaded,
    r.duplicate,
    COALESCE(r.conflict, 0) AS conflict,
    r.rejected,
    COALESCE(r.values_aside, 0) AS set_aside,
    COALESCE(w.warnings, 0) AS warnings,
    r.plays,
    r.plays_song AS matched_song,
    r.plays_artist AS matched_artist,
    r.undone_in
FROM etl_run AS r
LEFT JOIN (
    SELECT run_id, COUNT(*) AS warnings
    FROM etl_warning
    GROUP BY run_id
) AS w ON w.run_id = r.run_id
ORDER BY r.run_id DESC
LIMIT :limit
