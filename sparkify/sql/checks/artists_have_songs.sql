-- Every artist has a song, and bears a name that one of their songs credits.
SELECT artists.artist_id, artists.name
FROM artists
LEFT JOIN songs
    ON songs.artist_id = artists.artist_id
    AND COALESCE(songs.artist_name, '') = COALESCE(artists.name, '')
WHERE songs.artist_id IS NULL
