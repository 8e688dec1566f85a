-- What no column takes is kept.
ALTER TABLE stg_events ADD COLUMN extra VARCHAR(65535)
