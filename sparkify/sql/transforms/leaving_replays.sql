-- With a part of a file go its rejects that were loaded after all.
INSERT INTO leaving (file_id)
SELECT f.file_id
FROM etl_file AS f
JOIN leaving AS l ON l.file_id = f.replays
WHERE f.undone_in IS NULL AND f.replaced_in IS NULL AND f.file_id NOT IN (SELECT file_id FROM leaving)
