-- Names that any record of a touched song credits: plays that report one of them are matched again.
CREATE TEMP TABLE touched_name AS
SELECT DISTINCT COALESCE(f.folded, LOWER(TRIM(s.artist_name))) AS name
FROM stg_songs AS s
JOIN touched_song AS t ON t.song_id = s.song_id
LEFT JOIN text_form AS f ON f.raw_text = TRIM(s.artist_name)
WHERE s.artist_name IS NOT NULL
