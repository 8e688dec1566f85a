-- Each file counts the rejects that are rejects still; a record that was loaded after all counts where it was loaded.
UPDATE etl_file
SET records_read = etl_file.records_read - etl_file.rejected + r.rejected, rejected = r.rejected
FROM (
    SELECT file_id, SUM(CASE WHEN replayed_in IS NULL THEN 1 ELSE 0 END) AS rejected
    FROM etl_reject
    GROUP BY file_id
) AS r
WHERE r.file_id = etl_file.file_id AND r.rejected <> etl_file.rejected
