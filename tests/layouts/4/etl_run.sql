-- What each run did: one row for each run that was published. Its records are those that still stand; of a run
-- of which nothing does, those that stood last.
CREATE TABLE IF NOT EXISTS etl_run (
    run_id         INTEGER          NOT NULL,  -- 1, 2, 3 ...
    command        VARCHAR(32)      NOT NULL,  -- etl, reload, replay, undo, forget or rebuild
    program        VARCHAR(32)      NOT NULL,  -- version of sparkify that ran
    started_at     TIMESTAMP        NOT NULL,  -- UTC
    seconds        DOUBLE PRECISION NOT NULL,  -- from start to just before the commit
    files          INTEGER          NOT NULL,  -- files loaded
    records_read   BIGINT           NOT NULL,  -- records read = loaded + duplicate + conflict + rejected
    loaded         BIGINT           NOT NULL,  -- good records with a new natural key
    duplicate      BIGINT           NOT NULL,  -- good records that stood before, with the same content
    rejected       BIGINT           NOT NULL,  -- records kept in etl_reject
    plays          BIGINT           NOT NULL,  -- rows of songplay after the run
    plays_song     BIGINT           NOT NULL,  -- of these, matched to a song
    plays_artist   BIGINT           NOT NULL,  -- of these, matched to an artist
    undone_in      INTEGER,                    -- the run that rolled back, or replaced, the last of its files
    conflict       BIGINT,                     -- good records whose natural key stood before, with other content
    values_aside   BIGINT,                     -- values kept in extra; null where nobody counted
    PRIMARY KEY (run_id)
)
DISTSTYLE ALL
SORTKEY (run_id);
