-- Files with rejects that a run loaded after all, by a replay or where a cut line went on, and that is taken back.
CREATE TEMP TABLE reject_return AS
SELECT DISTINCT COALESCE(f.replays, p.file_id) AS file_id, f.run_id
FROM etl_file AS f
JOIN retracted AS r ON r.file_id = f.file_id
LEFT JOIN etl_file AS p ON p.uri = f.uri AND p.file_id < f.file_id AND p.replays IS NULL AND f.replays IS NULL
WHERE f.replays IS NOT NULL OR p.file_id IS NOT NULL
