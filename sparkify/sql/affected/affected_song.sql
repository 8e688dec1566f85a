-- Songs of which records come or go.
SELECT DISTINCT song_id
FROM changed_song
