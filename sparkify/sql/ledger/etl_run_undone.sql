-- A run of whose files none stands any more.
UPDATE etl_run
SET undone_in = :run
WHERE
    etl_run.undone_in IS NULL
    AND etl_run.run_id IN (SELECT run_id FROM etl_file)
    AND etl_run.run_id NOT IN (
        SELECT run_id
        FROM standing_file
    )
