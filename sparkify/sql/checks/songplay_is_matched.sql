-- A play without a song has none in the catalogue; its artist is the only one who is credited under that name.
SELECT songplay.songplay_id, songplay.title, songplay.artist_name, songplay.artist_id
FROM songplay
LEFT JOIN (
    SELECT LOWER(title) AS title, LOWER(artist_name) AS name
    FROM songs
    GROUP BY LOWER(title), LOWER(artist_name)
) AS listed
    ON listed.title = LOWER(songplay.title) AND listed.name = LOWER(songplay.artist_name)
LEFT JOIN (
    SELECT LOWER(artist_name) AS name, MIN(artist_id) AS artist_id
    FROM songs
    GROUP BY LOWER(artist_name)
    HAVING MIN(artist_id) = MAX(artist_id)
) AS only_one
    ON only_one.name = LOWER(songplay.artist_name)
WHERE
    songplay.song_id IS NULL
    AND (listed.name IS NOT NULL OR COALESCE(songplay.artist_id, '') <> COALESCE(only_one.artist_id, ''))
