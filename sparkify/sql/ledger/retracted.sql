-- The parts of files whose records are about to be deleted: filled by the program.
CREATE TEMP TABLE retracted (
    file_id INTEGER NOT NULL
)
