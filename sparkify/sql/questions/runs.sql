-- What did each run load? The latest first; records read = loaded + duplicate + conflict + rejected, of what still counts.
-- Runs that were not published have no number, and the reason; each stands above the run that was the latest then.
SELECT
    u.run_id,
    u.command,
    u.started_at,
    u.seconds,
    u.files,
    u.read,
    u.loaded,
    u.duplicate,
    u.conflict,
    u.rejected,
    u.set_aside,
    u.warnings,
    u.plays,
    u.matched_song,
    u.matched_artist,
    u.undone_in,
    u.outcome,
    u.reason
FROM (
    SELECT
        r.run_id,
        r.run_id AS after_run,
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
        r.undone_in,
        'published' AS outcome,
        CAST(NULL AS VARCHAR(1024)) AS reason
    FROM etl_run AS r
    LEFT JOIN (
        SELECT run_id, COUNT(*) AS warnings
        FROM etl_warning
        GROUP BY run_id
    ) AS w ON w.run_id = r.run_id
    UNION ALL
    SELECT
        CAST(NULL AS INTEGER) AS run_id,
        a.after_run,
        a.command,
        a.started_at,
        CAST(DATEDIFF(second, a.started_at, a.ended_at) AS DOUBLE PRECISION) AS seconds,
        0 AS files,
        0 AS read,
        0 AS loaded,
        0 AS duplicate,
        0 AS conflict,
        0 AS rejected,
        0 AS set_aside,
        0 AS warnings,
        0 AS plays,
        0 AS matched_song,
        0 AS matched_artist,
        CAST(NULL AS INTEGER) AS undone_in,
        a.outcome,
        a.reason
    FROM etl_attempt AS a
) AS u
ORDER BY u.after_run DESC, CASE WHEN u.run_id IS NULL THEN 0 ELSE 1 END, u.started_at DESC
LIMIT :limit
