-- Each run of which anything stands has as many rejects as its files have.
UPDATE etl_run
SET
    records_read = etl_run.loaded + etl_run.duplicate + COALESCE(etl_run.conflict, 0) + s.rejected,
    rejected = s.rejected
FROM (
    SELECT run_id, SUM(rejected) AS rejected
    FROM standing_file
    GROUP BY run_id
) AS s
WHERE s.run_id = etl_run.run_id AND s.rejected <> etl_run.rejected
