-- Artists whom any record of an affected song names, new or old.
SELECT DISTINCT s.artist_id
FROM stg_songs AS s
JOIN affected_song AS a ON a.song_id = s.song_id
