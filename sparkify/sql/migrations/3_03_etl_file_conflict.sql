-- Records with a known key and other content are counted apart.
ALTER TABLE etl_file ADD COLUMN conflict BIGINT
