-- Records of events that leave staging with their files; those that a plain COPY brought, with all files of its run.
CREATE TEMP TABLE leaving_event AS
SELECT session_id * 1000000 + item_in_session AS event_id, user_id, run_id, file_id
FROM stg_events
WHERE
    file_id IN (SELECT file_id FROM leaving)
    OR (
        file_id IS NULL
        AND run_id IN (
            SELECT f.run_id
            FROM etl_file AS f
            JOIN leaving AS l ON l.file_id = f.file_id
            WHERE f.dataset = 'events' AND f.loaded IS NULL AND f.undone_in IS NULL AND f.replaced_in IS NULL
        )
    )
