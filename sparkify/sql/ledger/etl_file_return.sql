-- The files that they stand in count them again.
UPDATE etl_file
SET records_read = etl_file.records_read + back.records, rejected = etl_file.rejected + back.records
FROM (
    SELECT r.file_id, COUNT(*) AS records
    FROM etl_reject AS r
    JOIN reject_return AS b ON b.file_id = r.file_id AND b.run_id = r.replayed_in
    GROUP BY r.file_id
) AS back
WHERE back.file_id = etl_file.file_id
