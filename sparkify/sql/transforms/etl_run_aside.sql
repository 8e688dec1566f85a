-- Each run counts the values in extra that its files still have there.
UPDATE etl_run
SET values_aside = s.aside
FROM (
    SELECT run_id, SUM(values_aside) AS aside
    FROM etl_file
    WHERE undone_in IS NULL AND replaced_in IS NULL AND values_aside IS NOT NULL
    GROUP BY run_id
) AS s
WHERE s.run_id = etl_run.run_id
