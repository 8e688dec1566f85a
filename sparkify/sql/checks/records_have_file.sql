-- Every record in staging, reject and run belongs to a file in the ledger that is present.
WITH present AS (
    SELECT run_id, file_id, dataset, loaded
    FROM etl_file
    WHERE undone_in IS NULL AND replaced_in IS NULL
)
SELECT held.run_id, held.file_id, held.place, held.records
FROM (
    SELECT run_id, file_id, 'events' AS place, COUNT(*) AS records
    FROM stg_events
    WHERE run_id >= :first_run
    GROUP BY run_id, file_id
    UNION ALL
    SELECT run_id, file_id, 'songs' AS place, COUNT(*) AS records
    FROM stg_songs
    WHERE run_id >= :first_run
    GROUP BY run_id, file_id
    UNION ALL
    SELECT run_id, file_id, 'rejects' AS place, COUNT(*) AS records
    FROM etl_reject
    WHERE run_id >= :first_run
    GROUP BY run_id, file_id
    UNION ALL
    SELECT run_id, CAST(NULL AS INTEGER) AS file_id, 'run' AS place, records_read AS records
    FROM etl_run
    WHERE records_read > 0 AND undone_in IS NULL
) AS held
LEFT JOIN present AS part ON part.run_id = held.run_id AND part.file_id = held.file_id
LEFT JOIN (
    -- What a plain COPY brought does not say its file: its run and dataset must do.
    SELECT DISTINCT run_id, dataset AS place
    FROM present
    WHERE loaded IS NULL
    UNION ALL
    SELECT DISTINCT run_id, 'run' AS place
    FROM present
) AS whole ON whole.run_id = held.run_id AND whole.place = held.place
WHERE part.file_id IS NULL AND whole.run_id IS NULL
