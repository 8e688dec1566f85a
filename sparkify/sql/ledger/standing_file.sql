-- The parts of files that stand: neither rolled back nor replaced.
SELECT *
FROM etl_file
WHERE undone_in IS NULL AND replaced_in IS NULL
