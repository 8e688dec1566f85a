-- No value is lost: of each file, the values read are in columns, kept in extra, or erased with a forgotten listener.
SELECT f.file_id, f.uri, f.values_read, COALESCE(s.vals, 0) AS in_columns, f.values_aside, f.values_erased
FROM etl_file AS f
LEFT JOIN (
    SELECT
        file_id,
        {values(stg_events)} AS vals
    FROM stg_events
    WHERE run_id BETWEEN :first_run AND :last_run
    GROUP BY file_id
    UNION ALL
    SELECT
        file_id,
        {values(stg_songs)} AS vals
    FROM stg_songs
    WHERE run_id BETWEEN :first_run AND :last_run
    GROUP BY file_id
) AS s ON s.file_id = f.file_id
WHERE
    f.run_id BETWEEN :first_run AND :last_run
    AND f.undone_in IS NULL
    AND f.replaced_in IS NULL
    AND f.values_read <> COALESCE(s.vals, 0) + f.values_aside + f.values_erased
