-- What is made of records with values that do not fit their columns: filled by the program.
CREATE TEMP TABLE raw_extra (
    file_id     INTEGER NOT NULL,
    record      INTEGER NOT NULL,
    extra       VARCHAR(65535),
    aside       INTEGER NOT NULL,
    is_rejected INTEGER NOT NULL
)
