-- Why each record that could not be loaded was rejected, without the record.
CREATE VIEW load_rejects AS
SELECT
    r.run_id,                                  -- the run that rejected it
    r.file_id,                                 -- the file it stands in
    CASE
        WHEN r.encoding = 'head' THEN SPLIT_PART(r.reason, ' (', 1) ELSE r.reason
    END AS reason,                             -- why
    r.replayed_in                              -- the run that loaded it after all; null while it is a reject
FROM etl_reject AS r
