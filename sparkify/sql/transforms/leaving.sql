-- The parts of files whose records are about to leave: filled by the program.
CREATE TEMP TABLE leaving (
    file_id INTEGER NOT NULL
)
