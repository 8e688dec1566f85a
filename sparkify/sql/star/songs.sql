-- A song is its record with most known fields, then the smallest: what arrived first does not matter.
SELECT s.song_id, s.title, s.artist_id, s.artist_name, s.year, s.duration
FROM song AS s
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY s.song_id
    ORDER BY
        CASE WHEN s.artist_name IS NULL THEN 1 ELSE 0 END
        + CASE WHEN s.year IS NULL THEN 1 ELSE 0 END
        + CASE WHEN s.duration IS NULL THEN 1 ELSE 0 END,
        s.title, s.artist_id, s.artist_name NULLS FIRST, s.year NULLS FIRST, s.duration NULLS FIRST
) = 1
