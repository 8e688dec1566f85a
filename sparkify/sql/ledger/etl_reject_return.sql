-- Records that were rejects before they were loaded after all, and are again when that is taken back.
UPDATE etl_reject
SET replayed_in = NULL
FROM reject_return AS b
WHERE b.file_id = etl_reject.file_id AND b.run_id = etl_reject.replayed_in
