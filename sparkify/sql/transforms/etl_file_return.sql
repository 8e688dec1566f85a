-- The files that they stand in count them again.
UPDATE etl_file
SET records_read = etl_file.records_read + replay.records, rejected = etl_file.rejected + replay.records
FROM (
    SELECT f.replays AS file_id, SUM(f.records_read) AS records
    FROM etl_file AS f
    JOIN leaving AS l ON l.file_id = f.file_id
    WHERE f.replays IS NOT NULL AND f.undone_in IS NULL AND f.replaced_in IS NULL
    GROUP BY f.replays
) AS replay
WHERE replay.file_id = etl_file.file_id
