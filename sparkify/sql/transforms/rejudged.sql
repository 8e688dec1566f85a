-- Rejects that were judged again and did not pass: filled by the program.
CREATE TEMP TABLE rejudged (
    file_id INTEGER      NOT NULL,
    record  INTEGER      NOT NULL,
    reason  VARCHAR(256) NOT NULL
)
