-- What did the runs warn of? The latest first.
SELECT w.run_id, w.kind, w.message
FROM etl_warning AS w
WHERE :run IS NULL OR w.run_id = :run
ORDER BY w.run_id DESC, w.kind, w.message
LIMIT :limit
