-- The files that they stand in count them no longer: a part of their own does.
UPDATE etl_file
SET records_read = etl_file.records_read - p.records, rejected = etl_file.rejected - p.records
FROM (
    SELECT replays AS file_id, records_read AS records
    FROM etl_file
    WHERE run_id = :run AND replays IS NOT NULL
) AS p
WHERE p.file_id = etl_file.file_id
