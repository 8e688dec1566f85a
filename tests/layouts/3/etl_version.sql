-- The version of this layout: a program refuses a warehouse that is newer than itself.
CREATE TABLE IF NOT EXISTS etl_version (
    version INTEGER NOT NULL  -- raised whenever a table above changes
)
DISTSTYLE ALL;
