-- They leave.
DELETE FROM stg_events
WHERE
    file_id IN (SELECT file_id FROM leaving)
    OR (file_id IS NULL AND run_id IN (SELECT run_id FROM leaving_copy WHERE dataset = 'events'))
