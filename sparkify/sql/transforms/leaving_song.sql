-- Records of songs that leave staging with their files; those that a plain COPY brought, with all files of its run.
CREATE TEMP TABLE leaving_song AS
SELECT song_id, run_id, file_id
FROM stg_songs
WHERE
    file_id IN (SELECT file_id FROM leaving)
    OR (file_id IS NULL AND run_id IN (SELECT run_id FROM leaving_copy WHERE dataset = 'songs'))
