-- Rejects whose text may be of a listener who is forgotten lose it.
UPDATE etl_reject
SET reason = r.reason, encoding = 'erased', raw_text = NULL
FROM revalidated AS r
WHERE r.file_id = etl_reject.file_id AND r.record = etl_reject.record
