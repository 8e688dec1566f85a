-- One row: the layout of this warehouse, and how fresh it is.
CREATE VIEW load_state AS
SELECT
    (SELECT MAX(version) FROM etl_version) AS version,           -- of the layout
    (SELECT MAX(ts) FROM stg_events) AS latest_event             -- when the latest event happened (UTC)
