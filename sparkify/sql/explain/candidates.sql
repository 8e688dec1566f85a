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
),
listed AS (
    SELECT
        s.song_id,
        s.title,
        s.artist_id,
        s.artist_name,
        s.duration,
        COALESCE(t.folded, LOWER(s.title)) AS folded_title,
        COALESCE(n.folded, LOWER(s.artist_name)) AS folded_name
    FROM songs AS s
    LEFT JOIN text_form AS t ON t.raw_text = s.title AND t.raw_bytes = OCTET_LENGTH(s.title)
    LEFT JOIN text_form AS n ON n.raw_text = s.artist_name AND n.raw_bytes = OCTET_LENGTH(s.artist_name)
)
SELECT
    l.song_id,
    l.title,
    l.artist_id,
    l.artist_name,
    l.duration,
    CASE WHEN l.folded_title = r.title THEN 1 ELSE 0 END AS same_title,
    CASE WHEN l.folded_name = r.name THEN 1 ELSE 0 END AS same_artist,
    ABS(l.duration - r.length) AS seconds_apart
FROM reported AS r
JOIN listed AS l ON l.folded_title = r.title OR l.folded_name = r.name
ORDER BY
    CASE WHEN l.folded_title = r.title AND l.folded_name = r.name THEN 0 ELSE 1 END,
    same_title DESC,
    ABS(COALESCE(l.duration - r.length, 1000000)),
    l.song_id
