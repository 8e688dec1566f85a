-- Those that were erased.
ALTER TABLE etl_file ADD COLUMN values_erased BIGINT
