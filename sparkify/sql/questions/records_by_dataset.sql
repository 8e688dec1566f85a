-- How many records of events and of songs were read, and what became of them?
SELECT
    f.dataset,
    COUNT(*) - COUNT(f.replays) AS files,
    SUM(f.records_read) AS read,
    SUM(f.loaded) AS loaded,
    SUM(f.duplicate) AS duplicate,
    SUM(f.rejected) AS rejected
FROM etl_file AS f
WHERE f.undone_in IS NULL AND f.replaced_in IS NULL
GROUP BY f.dataset
ORDER BY f.dataset
