-- How the counts of earlier runs and files change where records leave: what stood behind them becomes the record,
-- or the first of its content.
CREATE TEMP TABLE moved AS
SELECT
    run_id,
    file_id,
    SUM(CASE WHEN gone = 0 AND stays > 1 AND stays_same > 1 THEN 1 ELSE 0 END)
    - SUM(CASE WHEN place > 1 AND same > 1 THEN 1 ELSE 0 END) AS duplicates,
    SUM(CASE WHEN gone = 0 AND stays > 1 AND stays_same = 1 THEN 1 ELSE 0 END)
    - SUM(CASE WHEN place > 1 AND same = 1 THEN 1 ELSE 0 END) AS conflicts
FROM (
    SELECT
        r.run_id,
        r.file_id,
        CASE WHEN l.leaves IS NULL THEN 0 ELSE 1 END AS gone,
        ROW_NUMBER() OVER (PARTITION BY r.dataset, r.natural_key ORDER BY r.run_id, r.file_id, r.record) AS place,
        ROW_NUMBER() OVER (
            PARTITION BY r.dataset, r.natural_key, r.content ORDER BY r.run_id, r.file_id, r.record
        ) AS same,
        ROW_NUMBER() OVER (
            PARTITION BY r.dataset, r.natural_key, CASE WHEN l.leaves IS NULL THEN 0 ELSE 1 END
            ORDER BY r.run_id, r.file_id, r.record
        ) AS stays,
        ROW_NUMBER() OVER (
            PARTITION BY r.dataset, r.natural_key, r.content, CASE WHEN l.leaves IS NULL THEN 0 ELSE 1 END
            ORDER BY r.run_id, r.file_id, r.record
        ) AS stays_same
    FROM counted_record AS r
    LEFT JOIN (
        SELECT DISTINCT 'events' AS dataset, run_id, COALESCE(file_id, 0) AS file_id, 1 AS leaves
        FROM leaving_event
        UNION ALL
        SELECT DISTINCT 'songs' AS dataset, run_id, COALESCE(file_id, 0) AS file_id, 1 AS leaves
        FROM leaving_song
    ) AS l ON l.dataset = r.dataset AND l.run_id = r.run_id AND l.file_id = COALESCE(r.file_id, 0)
) AS ranked
WHERE run_id < :first_run
GROUP BY run_id, file_id
