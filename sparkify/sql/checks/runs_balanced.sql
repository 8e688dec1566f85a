-- The records of each run are those of its files that are present: read = loaded + duplicate + conflict + rejected.
SELECT ledger.run_id, etl_run.records_read, etl_run.loaded, etl_run.duplicate, etl_run.conflict, etl_run.rejected
FROM (
    SELECT run_id, SUM(records_read) AS records_read, SUM(rejected) AS rejected
    FROM etl_file
    WHERE undone_in IS NULL AND replaced_in IS NULL
    GROUP BY run_id
) AS ledger
LEFT JOIN etl_run ON etl_run.run_id = ledger.run_id
WHERE
    ledger.run_id <= (SELECT MAX(run_id) FROM etl_run)
    AND (
        etl_run.run_id IS NULL
        OR ledger.records_read <> etl_run.records_read
        OR ledger.rejected <> etl_run.rejected
        OR etl_run.records_read
            <> etl_run.loaded + etl_run.duplicate + COALESCE(etl_run.conflict, 0) + etl_run.rejected
        OR etl_run.undone_in IS NOT NULL
    )
