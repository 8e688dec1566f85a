-- Every song matches a source record.
SELECT songs.song_id, songs.title
FROM songs
LEFT JOIN (
    SELECT
        s.song_id,
        COALESCE(t.normal, s.title) AS title,
        s.artist_id,
        NULLIF(COALESCE(n.normal, s.artist_name), '') AS artist_name,
        s.year,
        s.duration
    FROM stg_songs AS s
    LEFT JOIN text_form AS t ON t.raw_text = s.title AND t.raw_bytes = OCTET_LENGTH(s.title)
    LEFT JOIN text_form AS n ON n.raw_text = s.artist_name AND n.raw_bytes = OCTET_LENGTH(s.artist_name)
) AS record
    ON record.song_id = songs.song_id
    AND record.title = songs.title
    AND record.artist_id = songs.artist_id
    AND COALESCE(record.artist_name, '') = COALESCE(songs.artist_name, '')
    AND COALESCE(record.year, 0) = COALESCE(songs.year, 0)
    AND COALESCE(record.duration, -1) = COALESCE(songs.duration, -1)
WHERE record.song_id IS NULL
