-- Every good record counts as loaded, until duplicates and conflicts are told apart again.
UPDATE etl_file
SET loaded = etl_file.loaded + etl_file.duplicate + COALESCE(etl_file.conflict, 0), duplicate = 0, conflict = 0
WHERE etl_file.loaded IS NOT NULL
