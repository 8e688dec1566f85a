-- A matched play has the title, the artist and the artist_id of its song.
SELECT songplay.songplay_id, songplay.song_id, songplay.title, songplay.artist_name
FROM songplay
LEFT JOIN songs ON songs.song_id = songplay.song_id
LEFT JOIN text_form AS t ON t.raw_text = songplay.title AND t.raw_bytes = OCTET_LENGTH(songplay.title)
LEFT JOIN text_form AS n ON n.raw_text = songplay.artist_name AND n.raw_bytes = OCTET_LENGTH(songplay.artist_name)
LEFT JOIN text_form AS st ON st.raw_text = songs.title AND st.raw_bytes = OCTET_LENGTH(songs.title)
LEFT JOIN text_form AS sn ON sn.raw_text = songs.artist_name AND sn.raw_bytes = OCTET_LENGTH(songs.artist_name)
WHERE
    songplay.song_id IS NOT NULL
    AND (
        songs.song_id IS NULL
        OR songplay.title IS NULL
        OR songplay.artist_name IS NULL
        OR songplay.artist_id IS NULL
        OR (
            songs.title <> songplay.title
            AND COALESCE(st.folded, LOWER(songs.title)) <> COALESCE(t.folded, LOWER(songplay.title))
        )
        OR (
            songs.artist_name <> songplay.artist_name
            AND COALESCE(sn.folded, LOWER(songs.artist_name)) <> COALESCE(n.folded, LOWER(songplay.artist_name))
        )
        OR songs.artist_id <> songplay.artist_id
    )
