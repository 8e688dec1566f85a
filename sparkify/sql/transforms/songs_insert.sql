-- A song is its record with most known fields, then the smallest: what arrived first does not matter.
INSERT INTO songs (song_id, title, artist_id, artist_name, year, duration)
SELECT song_id, title, artist_id, artist_name, year, duration
FROM (
    SELECT
        s.song_id,
        COALESCE(t.normal, s.title) AS title,
        s.artist_id,
        NULLIF(COALESCE(n.normal, s.artist_name), '') AS artist_name,
        CAST(NULLIF(s.year, 0) AS SMALLINT) AS year,
        s.duration
    FROM stg_songs AS s
    JOIN touched_song AS touched ON touched.song_id = s.song_id
    LEFT JOIN text_form AS t ON t.raw_text = s.title AND t.raw_bytes = OCTET_LENGTH(s.title)
    LEFT JOIN text_form AS n ON n.raw_text = s.artist_name AND n.raw_bytes = OCTET_LENGTH(s.artist_name)
) AS record
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY song_id
    ORDER BY
        CASE WHEN artist_name IS NULL THEN 1 ELSE 0 END
        + CASE WHEN year IS NULL THEN 1 ELSE 0 END
        + CASE WHEN duration IS NULL THEN 1 ELSE 0 END,
        title, artist_id, artist_name NULLS FIRST, year NULLS FIRST, duration NULLS FIRST
) = 1
