-- Which file each part in etl_file is of, by a number instead of its name: a log that grew has several parts.
CREATE VIEW file_parts AS
SELECT
    f.file_id,                                                   -- the part
    MIN(f.file_id) OVER (PARTITION BY f.uri) AS first_file_id    -- the first part of its file
FROM etl_file AS f
