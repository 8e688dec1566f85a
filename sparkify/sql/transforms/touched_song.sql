-- Songs whose records arrived.
CREATE TEMP TABLE touched_song AS
SELECT DISTINCT song_id
FROM stg_songs
WHERE run_id BETWEEN :first_run AND :last_run
