-- A duplicate or a conflict becomes the record where the one before it has left.
UPDATE etl_file
SET
    loaded = etl_file.loaded - m.duplicates - m.conflicts,
    duplicate = etl_file.duplicate + m.duplicates,
    conflict = COALESCE(etl_file.conflict, 0) + m.conflicts
FROM moved AS m
WHERE m.file_id = etl_file.file_id AND etl_file.undone_in IS NULL AND etl_file.replaced_in IS NULL
