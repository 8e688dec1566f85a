-- What the plays at hand report, each song once: in normal form, and matched to the catalogue.
-- A play matches a song with its title and credited artist, nearest in length, then the smallest song_id;
-- its artist is the song's, else the only artist who is credited under that name.
CREATE TEMP TABLE heard AS
WITH
report AS (
    SELECT song, artist, length
    FROM stg_events
    WHERE run_id BETWEEN :first_run AND :last_run AND page IN (SELECT page FROM etl_play_page)
    UNION
    SELECT e.song, e.artist, e.length
    FROM stg_events AS e
    JOIN repeated_event AS r ON r.event_id = e.session_id * 1000000 + e.item_in_session
    WHERE e.page IN (SELECT page FROM etl_play_page)
    UNION
    SELECT p.title, p.artist_name, p.length
    FROM songplay AS p
    LEFT JOIN text_form AS n ON n.raw_text = p.artist_name AND n.raw_bytes = OCTET_LENGTH(p.artist_name)
    JOIN touched_name AS t ON t.name = COALESCE(n.folded, LOWER(p.artist_name))
),
cleaned AS (
    SELECT
        report.song,
        report.artist,
        report.length,
        NULLIF(COALESCE(t.normal, report.song), '') AS title,
        NULLIF(COALESCE(n.normal, report.artist), '') AS artist_name,
        COALESCE(t.folded, LOWER(report.song)) AS folded_title,
        COALESCE(n.folded, LOWER(report.artist)) AS folded_name
    FROM report
    LEFT JOIN text_form AS t ON t.raw_text = report.song AND t.raw_bytes = OCTET_LENGTH(report.song)
    LEFT JOIN text_form AS n ON n.raw_text = report.artist AND n.raw_bytes = OCTET_LENGTH(report.artist)
),
listed AS (
    SELECT
        s.song_id,
        s.artist_id,
        s.duration,
        COALESCE(t.folded, LOWER(s.title)) AS folded_title,
        COALESCE(n.folded, LOWER(s.artist_name)) AS folded_name
    FROM songs AS s
    LEFT JOIN text_form AS t ON t.raw_text = s.title AND t.raw_bytes = OCTET_LENGTH(s.title)
    LEFT JOIN text_form AS n ON n.raw_text = s.artist_name AND n.raw_bytes = OCTET_LENGTH(s.artist_name)
),
named AS (
    SELECT folded_name, MIN(artist_id) AS artist_id
    FROM listed
    GROUP BY folded_name
    HAVING MIN(artist_id) = MAX(artist_id)
)
SELECT
    h.song,
    h.artist,
    h.length,
    h.title,
    h.artist_name,
    l.song_id,
    COALESCE(l.artist_id, n.artist_id) AS artist_id
FROM cleaned AS h
LEFT JOIN listed AS l ON l.folded_title = h.folded_title AND l.folded_name = h.folded_name
LEFT JOIN named AS n ON n.folded_name = h.folded_name
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY COALESCE(h.song, ''), COALESCE(h.artist, ''), COALESCE(h.length, -1)
    ORDER BY ABS(COALESCE(l.duration - h.length, 1000000)), l.song_id
) = 1
