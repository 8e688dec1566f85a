-- A reject that is loaded after all is kept, in case that is undone.
ALTER TABLE etl_reject ADD COLUMN replayed_in INTEGER
