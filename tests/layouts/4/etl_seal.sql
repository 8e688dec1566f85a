-- The chain of seals: what each change by sparkify left in every table, as digests, and the seal before it.
CREATE TABLE IF NOT EXISTS etl_seal (
    seal_id   INTEGER        NOT NULL,  -- 1, 2, 3 ...
    sealed_at TIMESTAMP      NOT NULL,  -- UTC
    run_id    INTEGER,                  -- the run; null where none was published
    command   VARCHAR(32)    NOT NULL,  -- what changed the warehouse
    what      VARCHAR(1024)  NOT NULL,  -- what it did
    hashing   VARCHAR(64)    NOT NULL,  -- the hash of known values: another one tells of another hash function
    digests   VARCHAR(16384) NOT NULL,  -- JSON: of each table the number of rows, and the sum of their hashes
    previous  VARCHAR(64)    NOT NULL,  -- the seal before; empty in the first
    is_keyed  SMALLINT       NOT NULL,  -- 1 if the seal was made with SPARKIFY_SEAL_KEY
    seal      VARCHAR(64)    NOT NULL,  -- SHA-256, or HMAC with the key, of all of this
    PRIMARY KEY (seal_id)
)
DISTSTYLE ALL
SORTKEY (seal_id);
