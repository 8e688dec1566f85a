-- What each run did, and which runs were not published; messages and reasons, which may name files, are left out.
CREATE VIEW load_runs AS
SELECT
    r.run_id,                                                          -- 1, 2, 3 ...; null if it was not published
    r.run_id AS after_run,                                             -- the latest run that was published when it ended
    CAST(NULL AS VARCHAR(32)) AS attempt_id,                           -- which attempt it was, if it was not published
    r.command,                                                         -- etl, reload, replay, undo, forget or rebuild
    r.started_at,                                                      -- UTC
    r.seconds,                                                         -- how long it took; null while it runs
    r.files,                                                           -- files loaded
    r.records_read,                                                    -- records read = loaded + duplicate + conflict + rejected
    r.loaded,                                                          -- good records with a new natural key
    r.duplicate,                                                       -- good records that stood before, with the same content
    COALESCE(r.conflict, 0) AS conflict,                               -- good records whose natural key stood before, with other content
    r.rejected,                                                        -- records that could not be loaded
    COALESCE(r.values_aside, 0) AS values_aside,                       -- values kept in extra
    COALESCE(w.warnings, 0) AS warnings,                               -- what it warned of
    r.plays,                                                           -- rows of songplay after the run
    r.plays_song,                                                      -- of these, matched to a song
    r.plays_artist,                                                    -- of these, matched to an artist
    r.undone_in,                                                       -- the run that took it back
    'published' AS outcome                                             -- published, started, refused, failed, interrupted or killed
FROM etl_run AS r
LEFT JOIN (
    SELECT run_id, COUNT(*) AS warnings
    FROM etl_warning
    GROUP BY run_id
) AS w ON w.run_id = r.run_id
UNION ALL
SELECT
    CAST(NULL AS INTEGER), a.after_run, a.attempt_id, a.command, a.started_at,
    CAST(DATEDIFF(second, a.started_at, a.ended_at) AS DOUBLE PRECISION),
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, CAST(NULL AS INTEGER), a.outcome
FROM etl_attempt AS a
