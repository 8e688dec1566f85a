-- Records of songs that leave staging with their files; those that a plain COPY brought, with all files of its run.
CREATE TEMP TABLE leaving_song AS
SELECT song_id, run_id, file_id
FROM stg_songs
WHERE
    file_id IN (SELECT file_id FROM leaving)
    OR (
        file_id IS NULL
        AND run_id IN (
            SELECT f.run_id
            FROM etl_file AS f
            JOIN leaving AS l ON l.file_id = f.file_id
            WHERE f.dataset = 'songs' AND f.loaded IS NULL AND f.undone_in IS NULL AND f.replaced_in IS NULL
        )
    )
