-- Each run of which anything stands counts what stands.
UPDATE etl_run
SET
    records_read = s.records_read,
    loaded = s.records_read - s.rejected - (etl_run.duplicate - s.moved),
    duplicate = etl_run.duplicate - s.moved,
    rejected = s.rejected
FROM (
    SELECT
        f.run_id,
        SUM(f.records_read) AS records_read,
        SUM(f.rejected) AS rejected,
        COALESCE(MAX(m.moved), 0) AS moved
    FROM etl_file AS f
    LEFT JOIN (
        SELECT run_id, SUM(promoted + removed) AS moved
        FROM moved
        GROUP BY run_id
    ) AS m ON m.run_id = f.run_id
    WHERE f.undone_in IS NULL AND f.replaced_in IS NULL
    GROUP BY f.run_id
) AS s
WHERE s.run_id = etl_run.run_id
