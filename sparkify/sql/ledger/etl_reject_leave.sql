-- With a file go its rejects.
DELETE FROM etl_reject
USING retracted
WHERE retracted.file_id = etl_reject.file_id
