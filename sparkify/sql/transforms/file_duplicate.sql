-- How many good records of each new file repeat a natural key that stood before: in an earlier run, an
-- earlier file or an earlier line.
CREATE TEMP TABLE file_duplicate AS
SELECT run_id, file_id, COUNT(*) AS copies
FROM (
    SELECT
        e.run_id,
        e.file_id,
        ROW_NUMBER() OVER (PARTITION BY r.event_id ORDER BY e.run_id, e.file_id, e.record) AS copy
    FROM stg_events AS e
    JOIN repeated_event AS r ON r.event_id = e.session_id * 1000000 + e.item_in_session
    UNION ALL
    SELECT
        s.run_id,
        s.file_id,
        ROW_NUMBER() OVER (PARTITION BY s.song_id ORDER BY s.run_id, s.file_id, s.record) AS copy
    FROM stg_songs AS s
    JOIN touched_song AS t ON t.song_id = s.song_id
) AS record
WHERE copy > 1 AND run_id BETWEEN :first_run AND :last_run
GROUP BY run_id, file_id
