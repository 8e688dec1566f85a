-- Values that are erased with a listener: of columns, and of those that stood in extra.
UPDATE etl_file
SET
    values_aside = etl_file.values_aside - e.aside,
    values_erased = etl_file.values_erased + e.vals + e.aside
FROM erased AS e
WHERE e.file_id = etl_file.file_id AND etl_file.values_read IS NOT NULL
