-- The rules that built the star have a version.
ALTER TABLE etl_version ADD COLUMN rules VARCHAR(64)
