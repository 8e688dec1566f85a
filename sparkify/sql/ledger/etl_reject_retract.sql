-- The rejects of retracted files are deleted.
DELETE FROM etl_reject
USING retracted
WHERE retracted.file_id = etl_reject.file_id
