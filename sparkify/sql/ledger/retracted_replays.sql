-- With a part of a file go its rejects that were loaded after all.
INSERT INTO retracted (file_id)
SELECT f.file_id
FROM standing_file AS f
JOIN retracted AS r ON r.file_id = f.replays
WHERE f.file_id NOT IN (SELECT file_id FROM retracted)
