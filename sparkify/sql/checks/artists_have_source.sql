-- Artist locations match a source record.
SELECT artists.artist_id, artists.location, artists.latitude, artists.longitude
FROM artists
LEFT JOIN (
    SELECT
        s.artist_id,
        NULLIF(COALESCE(l.normal, s.artist_location), '') AS location,
        s.artist_latitude AS latitude,
        s.artist_longitude AS longitude
    FROM stg_songs AS s
    LEFT JOIN text_form AS l ON l.raw_text = s.artist_location AND l.raw_bytes = OCTET_LENGTH(s.artist_location)
) AS record
    ON record.artist_id = artists.artist_id
    AND COALESCE(record.location, '') = COALESCE(artists.location, '')
    AND COALESCE(record.latitude, 999) = COALESCE(artists.latitude, 999)
    AND COALESCE(record.longitude, 999) = COALESCE(artists.longitude, 999)
WHERE record.artist_id IS NULL
