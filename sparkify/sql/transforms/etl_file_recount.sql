-- A duplicate becomes the record where the one before it has left: each file that stands is counted anew.
UPDATE etl_file
SET loaded = etl_file.records_read - etl_file.rejected - c.copies, duplicate = c.copies
FROM (
    SELECT f.file_id, COALESCE(d.copies, 0) AS copies
    FROM etl_file AS f
    LEFT JOIN file_duplicate AS d ON d.file_id = f.file_id
    WHERE f.loaded IS NOT NULL AND f.undone_in IS NULL AND f.replaced_in IS NULL
) AS c
WHERE c.file_id = etl_file.file_id
