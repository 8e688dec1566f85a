-- Listeners who are forgotten: whatever is loaded of them later is made anonymous as it comes in.
CREATE TABLE IF NOT EXISTS etl_forgotten (
    user_id      BIGINT    NOT NULL,  -- the number alone, without which nobody could know a later record as theirs
    run_id       INTEGER   NOT NULL,  -- the run that forgot them
    forgotten_at TIMESTAMP NOT NULL,  -- UTC
    PRIMARY KEY (user_id)
)
DISTSTYLE ALL;
