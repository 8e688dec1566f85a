-- How the counts of earlier runs and files change: duplicates that become the record, since all before them
-- leave, and duplicates that leave.
CREATE TEMP TABLE moved AS
SELECT
    run_id,
    file_id,
    SUM(CASE WHEN gone = 0 AND place = 1 THEN 1 ELSE 0 END) AS promoted,
    SUM(gone) AS removed
FROM (
    SELECT
        e.run_id,
        e.file_id,
        CASE WHEN l.leaves IS NULL THEN 0 ELSE 1 END AS gone,
        ROW_NUMBER() OVER (PARTITION BY t.event_id ORDER BY e.run_id, e.file_id, e.record) AS copy,
        ROW_NUMBER() OVER (
            PARTITION BY t.event_id, CASE WHEN l.leaves IS NULL THEN 0 ELSE 1 END
            ORDER BY e.run_id, e.file_id, e.record
        ) AS place
    FROM stg_events AS e
    JOIN (SELECT DISTINCT event_id FROM leaving_event) AS t
        ON t.event_id = e.session_id * 1000000 + e.item_in_session
    LEFT JOIN (
        SELECT DISTINCT run_id, COALESCE(file_id, 0) AS file_id, 1 AS leaves
        FROM leaving_event
    ) AS l ON l.run_id = e.run_id AND l.file_id = COALESCE(e.file_id, 0)
    UNION ALL
    SELECT
        s.run_id,
        s.file_id,
        CASE WHEN l.leaves IS NULL THEN 0 ELSE 1 END AS gone,
        ROW_NUMBER() OVER (PARTITION BY t.song_id ORDER BY s.run_id, s.file_id, s.record) AS copy,
        ROW_NUMBER() OVER (
            PARTITION BY t.song_id, CASE WHEN l.leaves IS NULL THEN 0 ELSE 1 END
            ORDER BY s.run_id, s.file_id, s.record
        ) AS place
    FROM stg_songs AS s
    JOIN (SELECT DISTINCT song_id FROM leaving_song) AS t ON t.song_id = s.song_id
    LEFT JOIN (
        SELECT DISTINCT run_id, COALESCE(file_id, 0) AS file_id, 1 AS leaves
        FROM leaving_song
    ) AS l ON l.run_id = s.run_id AND l.file_id = COALESCE(s.file_id, 0)
) AS record
WHERE copy > 1 AND run_id < :first_run
GROUP BY run_id, file_id
