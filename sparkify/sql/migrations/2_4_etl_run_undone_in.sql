-- A run says which run took it back.
ALTER TABLE etl_run ADD COLUMN undone_in INTEGER
