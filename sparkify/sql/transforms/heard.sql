-- What the plays at hand report, each song once: repaired, and matched to the catalogue.
-- A play matches a song with its title and credited artist, nearest in length, then the smallest song_id;
-- its artist is the song's, else the only artist who is credited under that name.
CREATE TEMP TABLE heard AS
WITH
report AS (
    SELECT song, artist, length
    FROM stg_events
    WHERE run_id BETWEEN :first_run AND :last_run AND page = 'NextSong'
    UNION
    SELECT e.song, e.artist, e.length
    FROM stg_events AS e
    JOIN repeated_event AS r ON r.event_id = e.session_id * 1000000 + e.item_in_session
    WHERE e.page = 'NextSong'
    UNION
    SELECT p.title, p.artist_name, p.length
    FROM songplay AS p
    JOIN touched_name AS t ON t.name = LOWER(p.artist_name)
),
repaired AS (
    SELECT
        report.song,
        report.artist,
        report.length,
        NULLIF(TRIM(COALESCE(t.repaired, report.song)), '') AS title,
        NULLIF(TRIM(COALESCE(n.repaired, report.artist)), '') AS artist_name
    FROM report
    LEFT JOIN text_repair AS t ON t.raw_text = report.song
    LEFT JOIN text_repair AS n ON n.raw_text = report.artist
),
named AS (
    SELECT LOWER(artist_name) AS name, MIN(artist_id) AS artist_id
    FROM songs
    GROUP BY LOWER(artist_name)
    HAVING MIN(artist_id) = MAX(artist_id)
)
SELECT
    h.song,
    h.artist,
    h.length,
    h.title,
    h.artist_name,
    s.song_id,
    COALESCE(s.artist_id, n.artist_id) AS artist_id
FROM repaired AS h
LEFT JOIN songs AS s ON LOWER(s.title) = LOWER(h.title) AND LOWER(s.artist_name) = LOWER(h.artist_name)
LEFT JOIN named AS n ON n.name = LOWER(h.artist_name)
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY COALESCE(h.song, ''), COALESCE(h.artist, ''), COALESCE(h.length, -1)
    ORDER BY ABS(COALESCE(s.duration - h.length, 1000000)), s.song_id
) = 1
