-- Records that could not be loaded, with the reason; nothing is thrown away.
CREATE TABLE IF NOT EXISTS etl_reject (
    run_id      INTEGER      NOT NULL,  -- the run that rejected it
    file_id     INTEGER      NOT NULL,  -- the file it stands in
    record      INTEGER      NOT NULL,  -- its line in that file; 0 when it is the whole file
    reason      VARCHAR(256) NOT NULL,  -- why
    encoding    VARCHAR(8)   NOT NULL,  -- how raw_text holds the bytes: text, base64, head (cut) or erased
    raw_text    VARCHAR(65535),         -- the record as it stands in the file, up to 64 KB
    replayed_in INTEGER                 -- the run that loaded it after all: by a replay, or where its line went on; null while it is a reject
)
DISTSTYLE EVEN
SORTKEY (run_id);
