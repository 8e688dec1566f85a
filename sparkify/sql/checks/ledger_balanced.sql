-- Nothing is lost: of each file, records read = loaded + duplicate + conflict + rejected, none below 0, and each of them is there, with its line.
SELECT
    etl_file.file_id,
    etl_file.uri,
    etl_file.records_read,
    COALESCE(good.records, 0) AS good,
    COALESCE(kept.records, 0) AS rejected
FROM etl_file
LEFT JOIN (
    SELECT
        file_id, COUNT(*) AS records, COUNT(record) AS placed, MIN(record) AS first_line, MAX(record) AS last_line
    FROM stg_events
    WHERE run_id BETWEEN :first_run AND :last_run
    GROUP BY file_id
    UNION ALL
    SELECT
        file_id, COUNT(*) AS records, COUNT(record) AS placed, MIN(record) AS first_line, MAX(record) AS last_line
    FROM stg_songs
    WHERE run_id BETWEEN :first_run AND :last_run
    GROUP BY file_id
) AS good ON good.file_id = etl_file.file_id
LEFT JOIN (
    SELECT file_id, COUNT(*) AS records
    FROM etl_reject
    WHERE run_id BETWEEN :first_run AND :last_run AND replayed_in IS NULL
    GROUP BY file_id
) AS kept ON kept.file_id = etl_file.file_id
WHERE
    etl_file.run_id BETWEEN :first_run AND :last_run
    AND etl_file.undone_in IS NULL
    AND etl_file.replaced_in IS NULL
    AND (
        LEAST(etl_file.records_read, etl_file.loaded, etl_file.duplicate, etl_file.conflict, etl_file.rejected) < 0
        OR etl_file.rejected <> COALESCE(kept.records, 0)
        OR etl_file.records_read - etl_file.rejected
            <> etl_file.loaded + etl_file.duplicate + COALESCE(etl_file.conflict, 0)
        OR etl_file.loaded + etl_file.duplicate + COALESCE(etl_file.conflict, 0) <> COALESCE(good.records, 0)
        OR good.placed <> good.records
        OR good.first_line < 1
        OR good.last_line > etl_file.lines
    )
