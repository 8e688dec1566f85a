-- Every songplay.artist_id exists in artists.
SELECT songplay.songplay_id, songplay.artist_id
FROM songplay
LEFT JOIN artists ON artists.artist_id = songplay.artist_id
WHERE songplay.artist_id IS NOT NULL AND artists.artist_id IS NULL
