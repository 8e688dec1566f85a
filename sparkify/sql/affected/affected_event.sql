-- Keys of events that come or go, and of plays that report an artist whom an affected song credits, now or before.
SELECT session_id, item_in_session
FROM changed_event
UNION
SELECT p.session_id, p.item_in_session
FROM songplay AS p
LEFT JOIN text_form AS n ON n.raw_text = p.artist_name AND n.raw_bytes = OCTET_LENGTH(p.artist_name)
JOIN (
    SELECT DISTINCT s.folded_name
    FROM song AS s
    JOIN affected_song AS a ON a.song_id = s.song_id
) AS credited ON credited.folded_name = COALESCE(n.folded, LOWER(p.artist_name))
