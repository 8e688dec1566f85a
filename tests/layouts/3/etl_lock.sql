-- Nobody's rows: whoever loads locks this table, so that readers of the ledger need not wait.
CREATE TABLE IF NOT EXISTS etl_lock (
    lock_id INTEGER  -- never filled
)
DISTSTYLE ALL;
