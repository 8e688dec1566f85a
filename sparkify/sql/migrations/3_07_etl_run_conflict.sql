-- Each run counts its conflicts.
ALTER TABLE etl_run ADD COLUMN conflict BIGINT
