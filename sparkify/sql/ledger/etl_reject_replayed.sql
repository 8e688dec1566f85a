-- Rejects that passed when they were validated again.
UPDATE etl_reject
SET replayed_in = :run
FROM (
    SELECT f.replays AS file_id, s.record
    FROM (
        SELECT file_id, record
        FROM stg_events
        WHERE run_id = :run
        UNION ALL
        SELECT file_id, record
        FROM stg_songs
        WHERE run_id = :run
    ) AS s
    JOIN etl_file AS f ON f.file_id = s.file_id
    WHERE f.replays IS NOT NULL
) AS passed
WHERE passed.file_id = etl_reject.file_id AND passed.record = etl_reject.record
