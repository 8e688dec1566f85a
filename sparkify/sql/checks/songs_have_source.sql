-- Every song matches a source record.
SELECT songs.song_id, songs.title
FROM songs
LEFT JOIN (
    SELECT {sources(songs AS s)}
    FROM stg_songs AS s
    {form_joins(songs AS s)}
) AS record ON {same(songs AS record)}
WHERE record.song_id IS NULL
