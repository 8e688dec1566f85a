-- Duplicates and conflicts are told apart from what was loaded, in runs of which anything stands.
UPDATE etl_run
SET
    duplicate = etl_run.duplicate + d.duplicates,
    conflict = COALESCE(etl_run.conflict, 0) + d.conflicts,
    loaded = etl_run.loaded - d.duplicates - d.conflicts
FROM (
    SELECT run_id, SUM(duplicates) AS duplicates, SUM(conflicts) AS conflicts
    FROM file_duplicate
    GROUP BY run_id
) AS d
WHERE d.run_id = etl_run.run_id AND etl_run.run_id IN (SELECT run_id FROM standing_file)
