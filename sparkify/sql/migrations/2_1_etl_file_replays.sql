-- Rejects that are replayed are a part of their file.
ALTER TABLE etl_file ADD COLUMN replays INTEGER
