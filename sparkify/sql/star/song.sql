-- Songs as the star shows them: one row for each record in staging, its text in normal form.
SELECT
    s.song_id,
    COALESCE(t.normal, s.title) AS title,
    s.artist_id,
    NULLIF(COALESCE(n.normal, s.artist_name), '') AS artist_name,
    NULLIF(COALESCE(l.normal, s.artist_location), '') AS artist_location,
    s.artist_latitude,
    s.artist_longitude,
    CAST(NULLIF(s.year, 0) AS SMALLINT) AS year,
    s.duration,
    NULLIF(COALESCE(n.folded, LOWER(s.artist_name)), '') AS folded_name
FROM stg_songs AS s
LEFT JOIN text_form AS t ON t.raw_text = s.title AND t.raw_bytes = OCTET_LENGTH(s.title)
LEFT JOIN text_form AS n ON n.raw_text = s.artist_name AND n.raw_bytes = OCTET_LENGTH(s.artist_name)
LEFT JOIN text_form AS l ON l.raw_text = s.artist_location AND l.raw_bytes = OCTET_LENGTH(s.artist_location)
