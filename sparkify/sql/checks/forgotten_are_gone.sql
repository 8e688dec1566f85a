-- No record in staging is of a listener who is forgotten.
SELECT stg_events.user_id, stg_events.file_id, stg_events.record
FROM stg_events
INNER JOIN etl_forgotten ON etl_forgotten.user_id = stg_events.user_id
WHERE stg_events.run_id >= :first_run
