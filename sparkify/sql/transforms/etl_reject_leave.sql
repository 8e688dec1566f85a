-- With a file go its rejects.
DELETE FROM etl_reject
USING leaving
WHERE leaving.file_id = etl_reject.file_id
