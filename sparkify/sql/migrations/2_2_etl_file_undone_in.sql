-- A run can be taken back.
ALTER TABLE etl_file ADD COLUMN undone_in INTEGER
