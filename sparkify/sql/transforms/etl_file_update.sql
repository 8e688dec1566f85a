-- Duplicates and conflicts are told apart from what was loaded.
UPDATE etl_file
SET
    duplicate = d.duplicates,
    conflict = d.conflicts,
    loaded = etl_file.loaded + etl_file.duplicate + COALESCE(etl_file.conflict, 0) - d.duplicates - d.conflicts
FROM file_duplicate AS d
WHERE d.file_id = etl_file.file_id
