-- Records that were rejects before a replay loaded them, and are again when that is taken back.
UPDATE etl_reject
SET replayed_in = NULL
FROM (
    SELECT f.replays AS file_id, f.run_id
    FROM etl_file AS f
    JOIN retracted AS r ON r.file_id = f.file_id
    WHERE f.replays IS NOT NULL
) AS replay
WHERE replay.file_id = etl_reject.file_id AND replay.run_id = etl_reject.replayed_in
