-- Rejects, and what is wrong with them now: filled by the program.
CREATE TEMP TABLE revalidated (
    file_id INTEGER      NOT NULL,
    record  INTEGER      NOT NULL,
    reason  VARCHAR(256) NOT NULL
)
