-- Each run counts the values in extra that its files still have there.
UPDATE etl_run
SET values_aside = s.aside
FROM (
    SELECT run_id, SUM(values_aside) AS aside
    FROM standing_file
    WHERE values_aside IS NOT NULL
    GROUP BY run_id
) AS s
WHERE s.run_id = etl_run.run_id
