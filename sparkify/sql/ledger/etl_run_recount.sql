-- Each run of which anything stands counts the records, rejects and values in extra of what stands.
UPDATE etl_run
SET
    records_read = s.records_read,
    loaded = s.records_read - s.rejected - etl_run.duplicate - COALESCE(etl_run.conflict, 0),
    rejected = s.rejected,
    values_aside = COALESCE(s.values_aside, etl_run.values_aside)
FROM (
    SELECT
        run_id, SUM(records_read) AS records_read, SUM(rejected) AS rejected, SUM(values_aside) AS values_aside
    FROM standing_file
    GROUP BY run_id
) AS s
WHERE s.run_id = etl_run.run_id
