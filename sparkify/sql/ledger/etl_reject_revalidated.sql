-- They stay rejects, for what is wrong with them now.
UPDATE etl_reject
SET reason = r.reason
FROM revalidated AS r
WHERE r.file_id = etl_reject.file_id AND r.record = etl_reject.record
