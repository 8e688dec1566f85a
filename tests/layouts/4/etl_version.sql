-- The version of this layout, and of the rules that built the star: a program refuses a warehouse that is newer than
-- itself, and adds nothing to a star that other rules than its own have built.
CREATE TABLE IF NOT EXISTS etl_version (
    version INTEGER NOT NULL, -- raised whenever a table above changes
    rules   VARCHAR(64)       -- digest of the definitions that built the star; null before the first load
)
DISTSTYLE ALL;
