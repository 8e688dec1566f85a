-- The same of runs of which anything stands.
UPDATE etl_run
SET loaded = etl_run.loaded + etl_run.duplicate + COALESCE(etl_run.conflict, 0), duplicate = 0, conflict = 0
WHERE etl_run.run_id IN (SELECT run_id FROM standing_file)
