-- Those that are kept in extra.
ALTER TABLE etl_file ADD COLUMN values_aside BIGINT
