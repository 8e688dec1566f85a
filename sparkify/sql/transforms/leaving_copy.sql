-- Runs whose records a plain COPY brought, so that they cannot be told apart by file: they leave together.
CREATE TEMP TABLE leaving_copy AS
SELECT DISTINCT f.dataset, f.run_id
FROM etl_file AS f
JOIN leaving AS l ON l.file_id = f.file_id
WHERE f.loaded IS NULL
