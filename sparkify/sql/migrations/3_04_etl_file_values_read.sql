-- Values are counted, not only records.
ALTER TABLE etl_file ADD COLUMN values_read BIGINT
