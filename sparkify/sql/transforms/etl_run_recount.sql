-- And so is each run of which anything stands.
UPDATE etl_run
SET
    records_read = s.records_read,
    loaded = s.records_read - s.rejected - s.copies,
    duplicate = s.copies,
    rejected = s.rejected
FROM (
    SELECT
        f.run_id,
        SUM(f.records_read) AS records_read,
        SUM(f.rejected) AS rejected,
        COALESCE(MAX(d.copies), 0) AS copies
    FROM etl_file AS f
    LEFT JOIN (
        SELECT run_id, SUM(copies) AS copies
        FROM file_duplicate
        GROUP BY run_id
    ) AS d ON d.run_id = f.run_id
    WHERE f.undone_in IS NULL AND f.replaced_in IS NULL
    GROUP BY f.run_id
) AS s
WHERE s.run_id = etl_run.run_id
