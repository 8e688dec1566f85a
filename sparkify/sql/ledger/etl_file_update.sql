-- Duplicates and conflicts are told apart from what was loaded, in files that stand.
UPDATE etl_file
SET
    duplicate = etl_file.duplicate + d.duplicates,
    conflict = COALESCE(etl_file.conflict, 0) + d.conflicts,
    loaded = etl_file.loaded - d.duplicates - d.conflicts
FROM (
    SELECT file_id, SUM(duplicates) AS duplicates, SUM(conflicts) AS conflicts
    FROM file_duplicate
    GROUP BY file_id
) AS d
WHERE d.file_id = etl_file.file_id AND etl_file.file_id IN (SELECT file_id FROM standing_file)
