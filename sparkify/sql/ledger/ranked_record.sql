-- Of the records of each key, in the order in which they came: its place among all, and among those of the same content.
-- The first counts as loaded. Another repeats one with its content (same > 1), or is in conflict (same = 1).
SELECT
    r.*,
    ROW_NUMBER() OVER (PARTITION BY r.dataset, r.natural_key ORDER BY r.run_id, r.file_id, r.record) AS place,
    ROW_NUMBER() OVER (
        PARTITION BY r.dataset, r.natural_key, r.content ORDER BY r.run_id, r.file_id, r.record
    ) AS same
FROM counted_record AS r
