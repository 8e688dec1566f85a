-- Songs with the title or the artist that a play reports: those with both first, then the nearest in length.
SELECT
    s.song_id,
    s.title,
    s.artist_id,
    s.artist_name,
    s.duration,
    CASE WHEN LOWER(s.title) = LOWER(p.title) THEN 1 ELSE 0 END AS same_title,
    CASE WHEN LOWER(s.artist_name) = LOWER(p.artist_name) THEN 1 ELSE 0 END AS same_artist,
    ABS(s.duration - p.length) AS seconds_apart
FROM songplay AS p
JOIN songs AS s ON LOWER(s.title) = LOWER(p.title) OR LOWER(s.artist_name) = LOWER(p.artist_name)
WHERE p.songplay_id = :songplay_id
ORDER BY
    CASE WHEN LOWER(s.title) = LOWER(p.title) AND LOWER(s.artist_name) = LOWER(p.artist_name) THEN 0 ELSE 1 END,
    same_title DESC,
    ABS(COALESCE(s.duration - p.length, 1000000)),
    s.song_id
