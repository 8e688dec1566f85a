-- Names that any record of a touched song credits: plays that report one of them are matched again.
CREATE TEMP TABLE touched_name AS
SELECT DISTINCT COALESCE(f.folded, LOWER(s.artist_name)) AS name
FROM stg_songs AS s
JOIN touched_song AS t ON t.song_id = s.song_id
LEFT JOIN text_form AS f ON f.raw_text = s.artist_name AND f.raw_bytes = OCTET_LENGTH(s.artist_name)
WHERE s.artist_name IS NOT NULL
