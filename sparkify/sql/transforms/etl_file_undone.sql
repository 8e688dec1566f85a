-- The ledger remembers what was taken back, so that loading leaves it alone.
UPDATE etl_file
SET undone_in = :run
FROM leaving AS l
WHERE l.file_id = etl_file.file_id AND etl_file.undone_in IS NULL AND etl_file.replaced_in IS NULL
