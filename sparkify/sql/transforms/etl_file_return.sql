-- The files that they stand in count them again.
UPDATE etl_file
SET records_read = etl_file.records_read + replay.records, rejected = etl_file.rejected + replay.records
FROM (
    SELECT f.replays AS file_id, SUM(f.records_read) AS records
    FROM standing_file AS f
    JOIN retracted AS r ON r.file_id = f.file_id
    WHERE f.replays IS NOT NULL
    GROUP BY f.replays
) AS replay
WHERE replay.file_id = etl_file.file_id
