-- The songs as plays are compared with them: title and credited artist, their case folded.
SELECT
    s.*,
    NULLIF(COALESCE(t.folded, LOWER(s.title)), '') AS folded_title,
    NULLIF(COALESCE(n.folded, LOWER(s.artist_name)), '') AS folded_name
FROM songs AS s
LEFT JOIN text_form AS t ON t.raw_text = s.title AND t.raw_bytes = OCTET_LENGTH(s.title)
LEFT JOIN text_form AS n ON n.raw_text = s.artist_name AND n.raw_bytes = OCTET_LENGTH(s.artist_name)
