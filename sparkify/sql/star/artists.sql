-- An artist's name is the one most of their songs carry, then the shortest, then the first in order.
-- Their place comes from the record with most known fields, then from the smallest song.
WITH
name AS (
    SELECT s.artist_id, s.artist_name AS name
    FROM songs AS s
    GROUP BY s.artist_id, s.artist_name
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY s.artist_id
        ORDER BY
            CASE WHEN s.artist_name IS NULL THEN 1 ELSE 0 END,
            COUNT(*) DESC, LENGTH(COALESCE(s.artist_name, '')), COALESCE(s.artist_name, '')
    ) = 1
),
place AS (
    SELECT r.artist_id, r.artist_location, r.artist_latitude, r.artist_longitude
    FROM song AS r
    JOIN songs AS s ON s.song_id = r.song_id AND s.artist_id = r.artist_id
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY r.artist_id
        ORDER BY
            CASE WHEN r.artist_location IS NULL THEN 1 ELSE 0 END
            + CASE WHEN r.artist_latitude IS NULL THEN 1 ELSE 0 END
            + CASE WHEN r.artist_longitude IS NULL THEN 1 ELSE 0 END,
            r.song_id, r.artist_location NULLS FIRST, r.artist_latitude NULLS FIRST, r.artist_longitude NULLS FIRST
    ) = 1
)
SELECT
    n.artist_id,
    n.name,
    p.artist_location AS location,
    p.artist_latitude AS latitude,
    p.artist_longitude AS longitude
FROM name AS n
JOIN place AS p ON p.artist_id = n.artist_id
