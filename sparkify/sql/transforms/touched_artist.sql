-- Artists that any record of a touched song names, now or before.
CREATE TEMP TABLE touched_artist AS
SELECT DISTINCT s.artist_id
FROM stg_songs AS s
JOIN touched_song AS t ON t.song_id = s.song_id
