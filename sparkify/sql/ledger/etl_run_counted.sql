-- Each run of which anything stands has the duplicates and conflicts of its records.
UPDATE etl_run
SET
    duplicate = c.duplicates,
    conflict = c.conflicts,
    loaded = etl_run.records_read - etl_run.rejected - c.duplicates - c.conflicts
FROM (
    SELECT
        r.run_id,
        COALESCE(SUM(d.duplicates), 0) AS duplicates,
        COALESCE(SUM(d.conflicts), 0) AS conflicts
    FROM etl_run AS r
    LEFT JOIN file_duplicate AS d ON d.run_id = r.run_id
    WHERE r.undone_in IS NULL
    GROUP BY r.run_id
) AS c
WHERE c.run_id = etl_run.run_id
