-- Artist locations match a source record.
SELECT artists.artist_id, artists.location, artists.latitude, artists.longitude
FROM artists
LEFT JOIN (
    SELECT {sources(artists AS s)}
    FROM stg_songs AS s
    {form_joins(artists AS s)}
) AS record ON {same(artists AS record)}
WHERE record.artist_id IS NULL
