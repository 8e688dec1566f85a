-- Keys of the feed that are not as expected, per file: unknown ones, which no column takes, and absent ones.
CREATE VIEW load_keys AS
SELECT
    k.file_id,                                 -- the file
    k.kind,                                    -- unknown or absent
    k.name,                                    -- the key; a nested one as a path: user.id
    k.records                                  -- records of the file with the unknown key, or without the absent one
FROM etl_key AS k
