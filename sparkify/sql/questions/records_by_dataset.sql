-- How many records of events and of songs were read, and what became of them?
SELECT
    f.dataset,
    COUNT(*) AS files,
    SUM(f.records_read) AS read,
    SUM(f.loaded) AS loaded,
    SUM(f.duplicate) AS duplicate,
    SUM(f.rejected) AS rejected
FROM etl_file AS f
GROUP BY f.dataset
ORDER BY f.dataset
