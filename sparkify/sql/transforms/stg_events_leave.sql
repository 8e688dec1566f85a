-- They leave.
DELETE FROM stg_events
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
