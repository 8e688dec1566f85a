-- What came of each file, or part of one, by number instead of name: a log that grew has several parts.
CREATE VIEW load_files AS
SELECT
    f.file_id,                                                   -- the part
    MIN(f.file_id) OVER (PARTITION BY f.uri) AS first_file_id,   -- the first part of its file
    f.dataset,                                                   -- events or songs
    f.run_id,                                                    -- the run that took it in
    f.records_read,                                              -- records read = loaded + duplicate + conflict + rejected
    f.loaded,                                                    -- good records with a new natural key; null where no lineage exists
    f.duplicate,                                                 -- good records that stood before, with the same content
    f.conflict,                                                  -- good records whose natural key stood before, with other content
    f.rejected,                                                  -- records that could not be loaded
    f.undone_in,                                                 -- the run that took it back; null while it stands
    f.replaced_in                                                -- the run that loaded the whole file again; null while it stands
FROM etl_file AS f
