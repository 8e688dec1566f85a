-- An unmatched play has no matching song in the catalogue; its artist is the only one credited under that name.
SELECT songplay.songplay_id, songplay.title, songplay.artist_name, songplay.artist_id
FROM songplay
LEFT JOIN text_form AS t ON t.raw_text = songplay.title AND t.raw_bytes = OCTET_LENGTH(songplay.title)
LEFT JOIN text_form AS n ON n.raw_text = songplay.artist_name AND n.raw_bytes = OCTET_LENGTH(songplay.artist_name)
LEFT JOIN (
    SELECT COALESCE(st.folded, LOWER(s.title)) AS title, COALESCE(sn.folded, LOWER(s.artist_name)) AS name
    FROM songs AS s
    LEFT JOIN text_form AS st ON st.raw_text = s.title AND st.raw_bytes = OCTET_LENGTH(s.title)
    LEFT JOIN text_form AS sn ON sn.raw_text = s.artist_name AND sn.raw_bytes = OCTET_LENGTH(s.artist_name)
    GROUP BY 1, 2
) AS listed
    ON listed.title = COALESCE(t.folded, LOWER(songplay.title))
    AND listed.name = COALESCE(n.folded, LOWER(songplay.artist_name))
LEFT JOIN (
    SELECT COALESCE(sn.folded, LOWER(s.artist_name)) AS name, MIN(s.artist_id) AS artist_id
    FROM songs AS s
    LEFT JOIN text_form AS sn ON sn.raw_text = s.artist_name AND sn.raw_bytes = OCTET_LENGTH(s.artist_name)
    GROUP BY 1
    HAVING MIN(s.artist_id) = MAX(s.artist_id)
) AS only_one
    ON only_one.name = COALESCE(n.folded, LOWER(songplay.artist_name))
WHERE
    songplay.song_id IS NULL
    AND (listed.name IS NOT NULL OR COALESCE(songplay.artist_id, '') <> COALESCE(only_one.artist_id, ''))
