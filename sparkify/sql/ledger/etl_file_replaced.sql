-- The ledger remembers what was replaced, and by which run.
UPDATE etl_file
SET replaced_in = :run
FROM retracted AS r
WHERE r.file_id = etl_file.file_id AND etl_file.replaced_in IS NULL
