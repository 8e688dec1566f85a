-- A file can be loaded again.
ALTER TABLE etl_file ADD COLUMN replaced_in INTEGER
