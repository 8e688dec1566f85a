-- How many records of events and of songs were read, and what became of them? A log that grew is one file.
-- Of files that a plain COPY brought, only the runs know which records were duplicates or conflicts: nothing is said then.
SELECT
    f.dataset,
    COUNT(DISTINCT f.first_file_id) AS files,
    SUM(f.records_read) AS read,
    CASE WHEN COUNT(f.loaded) = COUNT(*) THEN SUM(f.loaded) END AS loaded,
    CASE WHEN COUNT(f.duplicate) = COUNT(*) THEN SUM(f.duplicate) END AS duplicate,
    CASE WHEN COUNT(f.conflict) = COUNT(*) THEN SUM(f.conflict) END AS conflict,
    SUM(f.rejected) AS rejected
FROM load_files AS f
WHERE f.undone_in IS NULL AND f.replaced_in IS NULL
GROUP BY f.dataset
ORDER BY f.dataset
