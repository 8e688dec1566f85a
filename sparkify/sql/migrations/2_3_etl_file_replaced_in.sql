-- A file can be loaded anew.
ALTER TABLE etl_file ADD COLUMN replaced_in INTEGER
