-- Records that were loaded after all, by a replay, where a cut line went on or a rejected file was read whole, are rejects again.
-- A file that was rejected as a whole is none while a later load of it stands.
UPDATE etl_reject
SET replayed_in = b.next_run
FROM (
    SELECT COALESCE(f.replays, p.file_id) AS file_id, f.run_id, MIN(n.run_id) AS next_run
    FROM etl_file AS f
    JOIN retracted AS r ON r.file_id = f.file_id
    LEFT JOIN etl_file AS p
        ON p.uri = f.uri AND p.file_id < f.file_id AND p.replays IS NULL AND f.replays IS NULL
    LEFT JOIN standing_file AS n
        ON n.uri = p.uri
        AND n.dataset = p.dataset
        AND n.file_id > p.file_id
        AND n.file_id NOT IN (SELECT file_id FROM retracted)
    WHERE f.replays IS NOT NULL OR p.file_id IS NOT NULL
    GROUP BY COALESCE(f.replays, p.file_id), f.run_id
) AS b
WHERE b.file_id = etl_reject.file_id AND b.run_id = etl_reject.replayed_in
