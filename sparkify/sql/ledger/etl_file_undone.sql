-- The ledger remembers what was taken back, so that loading leaves it alone.
UPDATE etl_file
SET undone_in = :run
FROM retracted AS r
WHERE r.file_id = etl_file.file_id AND etl_file.file_id IN (SELECT file_id FROM standing_file)
