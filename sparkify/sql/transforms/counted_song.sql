-- Songs to be counted: those of which records came.
CREATE TEMP TABLE counted_song AS
SELECT song_id
FROM touched_song
