-- And the values that it kept in extra.
ALTER TABLE etl_run ADD COLUMN values_aside BIGINT
