-- Of songs too.
ALTER TABLE stg_songs ADD COLUMN extra VARCHAR(65535)
