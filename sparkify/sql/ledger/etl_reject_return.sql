-- Records that were loaded after all, by a replay or where a cut line went on, are rejects again.
UPDATE etl_reject
SET replayed_in = NULL
FROM (
    SELECT DISTINCT COALESCE(f.replays, p.file_id) AS file_id, f.run_id
    FROM etl_file AS f
    JOIN retracted AS r ON r.file_id = f.file_id
    LEFT JOIN etl_file AS p
        ON p.uri = f.uri AND p.file_id < f.file_id AND p.replays IS NULL AND f.replays IS NULL
    WHERE f.replays IS NOT NULL OR p.file_id IS NOT NULL
) AS b
WHERE b.file_id = etl_reject.file_id AND b.run_id = etl_reject.replayed_in
