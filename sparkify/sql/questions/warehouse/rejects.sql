-- Which records could not be loaded, why, and what do they say?
SELECT
    r.run_id,
    f.uri,
    r.record,
    r.reason,
    r.encoding,
    r.raw_text
FROM etl_reject AS r
JOIN etl_file AS f ON f.file_id = r.file_id
WHERE r.replayed_in IS NULL AND (:run IS NULL OR r.run_id = :run)
ORDER BY r.run_id, f.uri, r.record
LIMIT :limit
