-- Which keys do files have that no column took when they were read? Their values are kept in extra, or in the text of a reject.
SELECT
    k.name AS key,
    f.dataset,
    SUM(k.records) AS records,
    COUNT(DISTINCT f.first_file_id) AS files,
    MIN(f.run_id) AS first_run,
    MAX(f.run_id) AS latest_run
FROM load_keys AS k
JOIN load_files AS f ON f.file_id = k.file_id
WHERE k.kind = 'unknown' AND f.undone_in IS NULL AND f.replaced_in IS NULL
GROUP BY k.name, OCTET_LENGTH(k.name), f.dataset
ORDER BY records DESC, f.dataset, key, OCTET_LENGTH(k.name)
LIMIT :limit
