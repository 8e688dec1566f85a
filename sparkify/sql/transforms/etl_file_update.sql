-- Duplicates are told apart from what was loaded.
UPDATE etl_file
SET duplicate = d.copies, loaded = etl_file.loaded - d.copies
FROM file_duplicate AS d
WHERE d.file_id = etl_file.file_id
