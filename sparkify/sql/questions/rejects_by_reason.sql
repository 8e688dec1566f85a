-- Why were records rejected, and how many for each reason?
SELECT
    f.dataset,
    CASE WHEN r.encoding = 'head' THEN SPLIT_PART(r.reason, ' (', 1) ELSE r.reason END AS reason,
    COUNT(*) AS records,
    COUNT(DISTINCT s.first_file_id) AS files,
    MAX(r.run_id) AS latest_run
FROM etl_reject AS r
JOIN etl_file AS f ON f.file_id = r.file_id
JOIN file_parts AS s ON s.file_id = f.file_id
WHERE r.replayed_in IS NULL
GROUP BY 1, 2
ORDER BY records DESC, f.dataset, reason
LIMIT :limit
