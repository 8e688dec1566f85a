-- How many good records of each file repeat a natural key that stood before, in an earlier run, an earlier
-- file or an earlier line: with a content that stood before too (duplicates), or with another one (conflicts).
SELECT
    run_id,
    file_id,
    SUM(CASE WHEN same > 1 THEN 1 ELSE 0 END) AS duplicates,
    SUM(CASE WHEN same = 1 THEN 1 ELSE 0 END) AS conflicts
FROM ranked_record
WHERE place > 1
GROUP BY run_id, file_id
