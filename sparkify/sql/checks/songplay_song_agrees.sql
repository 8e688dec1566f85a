-- A matched play reports the title, the artist and the artist's id of its song.
SELECT differing.songplay_id, differing.song_id, differing.title, differing.artist_name
FROM (
    SELECT
        songplay.songplay_id,
        songplay.song_id,
        songplay.title,
        songplay.artist_name,
        songs.title AS song_title,
        songs.artist_name AS song_artist,
        CASE
            WHEN songs.song_id IS NULL OR songplay.title IS NULL OR songplay.artist_name IS NULL THEN 1
            WHEN songplay.artist_id IS NULL OR songs.artist_id <> songplay.artist_id THEN 1
            ELSE 0
        END AS is_wrong
    FROM songplay
    LEFT JOIN songs ON songs.song_id = songplay.song_id
    WHERE
        songplay.song_id IS NOT NULL
        AND (
            songs.song_id IS NULL
            OR songplay.title IS NULL
            OR songplay.artist_name IS NULL
            OR songplay.artist_id IS NULL
            OR songs.artist_id <> songplay.artist_id
            OR songs.title <> songplay.title
            OR songs.artist_name <> songplay.artist_name
        )
) AS differing
LEFT JOIN text_form AS t
    ON t.raw_text = differing.title AND t.raw_bytes = OCTET_LENGTH(differing.title)
LEFT JOIN text_form AS n
    ON n.raw_text = differing.artist_name AND n.raw_bytes = OCTET_LENGTH(differing.artist_name)
LEFT JOIN text_form AS st
    ON st.raw_text = differing.song_title AND st.raw_bytes = OCTET_LENGTH(differing.song_title)
LEFT JOIN text_form AS sn
    ON sn.raw_text = differing.song_artist AND sn.raw_bytes = OCTET_LENGTH(differing.song_artist)
WHERE
    differing.is_wrong = 1
    OR COALESCE(st.folded, LOWER(differing.song_title)) <> COALESCE(t.folded, LOWER(differing.title))
    OR COALESCE(sn.folded, LOWER(differing.song_artist)) <> COALESCE(n.folded, LOWER(differing.artist_name))
