-- Why were records rejected, and how many for each reason?
SELECT
    f.dataset,
    r.reason,
    COUNT(*) AS records,
    COUNT(DISTINCT f.first_file_id) AS files,
    MAX(r.run_id) AS latest_run
FROM load_rejects AS r
JOIN load_files AS f ON f.file_id = r.file_id
WHERE r.replayed_in IS NULL
GROUP BY f.dataset, r.reason
ORDER BY records DESC, f.dataset, r.reason
LIMIT :limit
