-- What plays report, as it came, each once: in normal form, with the song and the artist that it means.
-- A play matches a song with its title and credited artist, nearest in length, then the smallest song_id;
-- its artist is the song's, else the only artist who is credited under that name.
-- Redshift compares text without the blanks at its end, so its bytes are compared too.
WITH
report AS (
    SELECT DISTINCT
        e.song, e.artist, e.length, OCTET_LENGTH(e.song) AS song_bytes, OCTET_LENGTH(e.artist) AS artist_bytes
    FROM event AS e
    WHERE e.page IN (SELECT page FROM etl_play_page)
),
formed AS (
    SELECT
        r.song,
        r.song_bytes,
        r.artist,
        r.artist_bytes,
        r.length,
        NULLIF(COALESCE(t.normal, r.song), '') AS title,
        NULLIF(COALESCE(n.normal, r.artist), '') AS artist_name,
        NULLIF(COALESCE(t.folded, LOWER(r.song)), '') AS folded_title,
        NULLIF(COALESCE(n.folded, LOWER(r.artist)), '') AS folded_name
    FROM report AS r
    LEFT JOIN text_form AS t ON t.raw_text = r.song AND t.raw_bytes = r.song_bytes
    LEFT JOIN text_form AS n ON n.raw_text = r.artist AND n.raw_bytes = r.artist_bytes
),
named AS (
    SELECT c.folded_name, MIN(c.artist_id) AS artist_id
    FROM catalogue AS c
    GROUP BY c.folded_name
    HAVING MIN(c.artist_id) = MAX(c.artist_id)
)
SELECT
    f.song, f.song_bytes, f.artist, f.artist_bytes, f.length, f.title, f.artist_name,
    c.song_id,
    COALESCE(c.artist_id, n.artist_id) AS artist_id
FROM formed AS f
LEFT JOIN catalogue AS c ON c.folded_title = f.folded_title AND c.folded_name = f.folded_name
LEFT JOIN named AS n ON n.folded_name = f.folded_name
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY f.song, f.song_bytes, f.artist, f.artist_bytes, f.length
    ORDER BY ABS(COALESCE(c.duration - f.length, 1000000)), c.song_id
) = 1
