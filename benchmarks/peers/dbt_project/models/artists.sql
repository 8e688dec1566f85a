SELECT DISTINCT ON (artist_id)
    artist_id, artist_name AS name, artist_location AS location, artist_latitude AS latitude,
    artist_longitude AS longitude
FROM {{ ref('stg_songs') }}
