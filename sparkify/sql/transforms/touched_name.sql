-- Names that any record of a touched song credits: plays that report one of them are matched again.
CREATE TEMP TABLE touched_name AS
SELECT DISTINCT LOWER(TRIM(COALESCE(r.repaired, s.artist_name))) AS name
FROM stg_songs AS s
JOIN touched_song AS t ON t.song_id = s.song_id
LEFT JOIN text_repair AS r ON r.raw_text = s.artist_name
WHERE s.artist_name IS NOT NULL
