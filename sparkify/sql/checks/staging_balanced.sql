-- Nothing is lost: the valid records of each run's files are as many as the run's rows in staging.
SELECT ledger.run_id, ledger.dataset, ledger.good, COALESCE(staging.records, 0) AS staged
FROM (
    SELECT run_id, dataset, SUM(records_read - rejected) AS good
    FROM etl_file
    WHERE run_id BETWEEN :first_run AND :last_run AND undone_in IS NULL AND replaced_in IS NULL
    GROUP BY run_id, dataset
) AS ledger
LEFT JOIN (
    SELECT run_id, 'events' AS dataset, COUNT(*) AS records
    FROM stg_events
    WHERE run_id BETWEEN :first_run AND :last_run
    GROUP BY run_id
    UNION ALL
    SELECT run_id, 'songs' AS dataset, COUNT(*) AS records
    FROM stg_songs
    WHERE run_id BETWEEN :first_run AND :last_run
    GROUP BY run_id
) AS staging ON staging.run_id = ledger.run_id AND staging.dataset = ledger.dataset
WHERE ledger.good <> COALESCE(staging.records, 0)
