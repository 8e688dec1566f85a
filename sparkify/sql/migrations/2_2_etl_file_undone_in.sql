-- A run can be rolled back.
ALTER TABLE etl_file ADD COLUMN undone_in INTEGER
