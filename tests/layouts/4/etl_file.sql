-- The ledger: which file, with which content, came in which run. A log that grew has a row for each part.
CREATE TABLE IF NOT EXISTS etl_file (
    file_id      INTEGER       NOT NULL,  -- 1, 2, 3 ... in the order of loading
    uri          VARCHAR(2048) NOT NULL,  -- the file's identity
    dataset      VARCHAR(16)   NOT NULL,  -- events or songs
    run_id       INTEGER       NOT NULL,  -- the run that took it in
    size         BIGINT        NOT NULL,  -- bytes, up to the end of this part
    modified     VARCHAR(64)   NOT NULL,  -- times of modification and change in ns, and inode; or the ETag on S3
    content_hash VARCHAR(64)   NOT NULL,  -- SHA-256 of the bytes up to the end of this part
    lines        BIGINT,                  -- lines up to the end of this part; null where only COPY has read it
    tail         BIGINT,                  -- where the last line starts, in bytes; null where only COPY has read it
    records_read BIGINT        NOT NULL,  -- records read = loaded + duplicate + conflict + rejected
    loaded       BIGINT,                  -- good records with a new natural key; null where no lineage exists
    duplicate    BIGINT,                  -- good records that stood before, with the same content
    rejected     BIGINT        NOT NULL,  -- records kept in etl_reject
    problem      VARCHAR(256),            -- why the whole file was rejected; null if it was read
    replays      INTEGER,                 -- the part whose rejects these records were; null for all others
    undone_in    INTEGER,                 -- the run that took it back; loading skips this content until --retry
    replaced_in  INTEGER,                 -- the run that loaded the whole file again; null while it stands
    conflict     BIGINT,                  -- good records whose natural key stood before, with other content
    values_read  BIGINT,                  -- values of the good records that are not null; null where nobody counted
    values_aside BIGINT,                  -- of these, kept in extra: they have no column, or do not fit it
    values_erased BIGINT,                 -- of these, erased with a forgotten listener; the others are in columns
    PRIMARY KEY (file_id)
)
DISTSTYLE ALL
SORTKEY (file_id);
