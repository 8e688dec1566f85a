-- Always empty. A load locks this table, so that loads run one at a time and readers of the ledger need not wait.
CREATE TABLE IF NOT EXISTS etl_lock (
    lock_id INTEGER  -- never filled
)
DISTSTYLE ALL;
