-- Plays that stood before are matched again where a touched name is theirs.
UPDATE songplay
SET song_id = h.song_id, artist_id = h.artist_id
FROM heard AS h
WHERE
    COALESCE(h.song, '') = COALESCE(songplay.title, '')
    AND h.artist = songplay.artist_name
    AND COALESCE(h.length, -1) = COALESCE(songplay.length, -1)
    AND (
        COALESCE(h.song_id, '') <> COALESCE(songplay.song_id, '')
        OR COALESCE(h.artist_id, '') <> COALESCE(songplay.artist_id, '')
    )
