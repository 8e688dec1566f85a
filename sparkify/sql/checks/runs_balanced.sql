-- The records of each run are those of its files that stand: read = loaded + duplicate + rejected.
SELECT etl_run.run_id, etl_run.records_read, etl_run.loaded, etl_run.duplicate, etl_run.rejected
FROM etl_run
JOIN (
    SELECT run_id, SUM(records_read) AS records_read, SUM(rejected) AS rejected
    FROM etl_file
    WHERE undone_in IS NULL AND replaced_in IS NULL
    GROUP BY run_id
) AS ledger ON ledger.run_id = etl_run.run_id
WHERE
    ledger.records_read <> etl_run.records_read
    OR ledger.rejected <> etl_run.rejected
    OR etl_run.records_read <> etl_run.loaded + etl_run.duplicate + etl_run.rejected
    OR etl_run.undone_in IS NOT NULL
