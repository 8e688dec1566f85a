-- Runs that began and were not published: refused, failed, interrupted or killed, with the reason. Written apart from
-- the run's own transaction, so that nothing of it is rolled back; a run that is published leaves no row here.
CREATE TABLE IF NOT EXISTS etl_attempt (
    attempt_id VARCHAR(32) NOT NULL,  -- made up by the process
    after_run  INTEGER     NOT NULL,  -- the latest run that was published when it began
    command    VARCHAR(32) NOT NULL,  -- etl, reload, replay, undo, forget or rebuild
    program    VARCHAR(32) NOT NULL,  -- version of sparkify that ran
    started_at TIMESTAMP   NOT NULL,  -- UTC
    outcome    VARCHAR(16) NOT NULL,  -- started, refused, failed, interrupted or killed
    ended_at   TIMESTAMP,             -- UTC; of a killed one, when that was noticed
    reason     VARCHAR(1024),         -- why, in one line
    PRIMARY KEY (attempt_id)
)
DISTSTYLE ALL
SORTKEY (started_at);
