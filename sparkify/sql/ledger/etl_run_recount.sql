-- Each run of which anything stands counts what stands.
UPDATE etl_run
SET
    records_read = s.records_read,
    loaded = s.records_read - s.rejected - (etl_run.duplicate + s.duplicates)
        - (COALESCE(etl_run.conflict, 0) + s.conflicts),
    duplicate = etl_run.duplicate + s.duplicates,
    conflict = COALESCE(etl_run.conflict, 0) + s.conflicts,
    rejected = s.rejected
FROM (
    SELECT
        f.run_id,
        SUM(f.records_read) AS records_read,
        SUM(f.rejected) AS rejected,
        COALESCE(MAX(m.duplicates), 0) AS duplicates,
        COALESCE(MAX(m.conflicts), 0) AS conflicts
    FROM standing_file AS f
    LEFT JOIN (
        SELECT run_id, SUM(duplicates) AS duplicates, SUM(conflicts) AS conflicts
        FROM file_duplicate
        GROUP BY run_id
    ) AS m ON m.run_id = f.run_id
    GROUP BY f.run_id
) AS s
WHERE s.run_id = etl_run.run_id
