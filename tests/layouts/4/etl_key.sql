-- Keys that are not as expected, per file: unknown ones, which no column takes, and absent ones.
CREATE TABLE IF NOT EXISTS etl_key (
    file_id    INTEGER      NOT NULL,  -- the file
    kind       VARCHAR(8)   NOT NULL,  -- unknown or absent
    name       VARCHAR(512) NOT NULL,  -- the key; a nested one as a path: user.id
    records    BIGINT       NOT NULL,  -- records of the file with the unknown key, or without the absent one
    first_line BIGINT                  -- the first such line; null where nobody looked for it
)
DISTSTYLE ALL
SORTKEY (file_id);
