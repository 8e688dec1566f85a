-- Songs with the title or the artist that a play reports: those with both first, then the nearest in length.
WITH
reported AS (
    SELECT
        p.length,
        COALESCE(t.folded, LOWER(p.title)) AS title,
        COALESCE(n.folded, LOWER(p.artist_name)) AS name
    FROM songplay AS p
    LEFT JOIN text_form AS t ON t.raw_text = p.title AND t.raw_bytes = OCTET_LENGTH(p.title)
    LEFT JOIN text_form AS n ON n.raw_text = p.artist_name AND n.raw_bytes = OCTET_LENGTH(p.artist_name)
    WHERE p.songplay_id = :songplay_id
)
SELECT
    c.song_id,
    c.title,
    c.artist_id,
    c.artist_name,
    c.duration,
    CASE WHEN c.folded_title = r.title THEN 1 ELSE 0 END AS same_title,
    CASE WHEN c.folded_name = r.name THEN 1 ELSE 0 END AS same_artist,
    ABS(c.duration - r.length) AS seconds_apart
FROM reported AS r
JOIN catalogue AS c ON c.folded_title = r.title OR c.folded_name = r.name
ORDER BY
    CASE WHEN c.folded_title = r.title AND c.folded_name = r.name THEN 0 ELSE 1 END,
    same_title DESC,
    ABS(COALESCE(c.duration - r.length, 1000000)),
    c.song_id
