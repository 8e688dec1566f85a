-- An artist's name is the one most of their songs carry, then the shortest, then the first in order.
-- Their place comes from the record with most known fields, then from the smallest song.
INSERT INTO artists (artist_id, name, location, latitude, longitude)
WITH
name AS (
    SELECT s.artist_id, s.artist_name AS name
    FROM songs AS s
    JOIN touched_artist AS t ON t.artist_id = s.artist_id
    GROUP BY s.artist_id, s.artist_name
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY s.artist_id
        ORDER BY
            CASE WHEN s.artist_name IS NULL THEN 1 ELSE 0 END,
            COUNT(*) DESC, LENGTH(COALESCE(s.artist_name, '')), COALESCE(s.artist_name, '')
    ) = 1
),
record AS (
    SELECT
        r.artist_id,
        r.song_id,
        NULLIF(COALESCE(l.normal, r.artist_location), '') AS location,
        r.artist_latitude AS latitude,
        r.artist_longitude AS longitude
    FROM stg_songs AS r
    JOIN songs AS s ON s.song_id = r.song_id AND s.artist_id = r.artist_id
    JOIN touched_artist AS t ON t.artist_id = r.artist_id
    LEFT JOIN text_form AS l ON l.raw_text = r.artist_location AND l.raw_bytes = OCTET_LENGTH(r.artist_location)
),
place AS (
    SELECT artist_id, location, latitude, longitude
    FROM record AS r
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY artist_id
        ORDER BY
            CASE WHEN location IS NULL THEN 1 ELSE 0 END
            + CASE WHEN latitude IS NULL THEN 1 ELSE 0 END
            + CASE WHEN longitude IS NULL THEN 1 ELSE 0 END,
            song_id, location NULLS FIRST, latitude NULLS FIRST, longitude NULLS FIRST
    ) = 1
)
SELECT name.artist_id, name.name, place.location, place.latitude, place.longitude
FROM name
JOIN place ON place.artist_id = name.artist_id
