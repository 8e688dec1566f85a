-- What each run warned of.
CREATE TABLE IF NOT EXISTS etl_warning (
    run_id  INTEGER       NOT NULL,  -- the run
    kind    VARCHAR(32)   NOT NULL,  -- such as unknown_key, absent_key, no_plays, other_days
    message VARCHAR(4096) NOT NULL   -- as it was printed
)
DISTSTYLE ALL
SORTKEY (run_id);
