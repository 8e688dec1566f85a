-- A matched play reports the title, the artist and the artist's id of its song.
SELECT songplay.songplay_id, songplay.song_id, songplay.title, songplay.artist_name
FROM songplay
LEFT JOIN songs ON songs.song_id = songplay.song_id
WHERE
    songplay.song_id IS NOT NULL
    AND (
        songs.song_id IS NULL
        OR songplay.title IS NULL
        OR songplay.artist_name IS NULL
        OR songplay.artist_id IS NULL
        OR (songs.title <> songplay.title AND LOWER(songs.title) <> LOWER(songplay.title))
        OR (songs.artist_name <> songplay.artist_name AND LOWER(songs.artist_name) <> LOWER(songplay.artist_name))
        OR songs.artist_id <> songplay.artist_id
    )
