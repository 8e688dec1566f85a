SELECT DISTINCT ON (song_id) song_id, title, artist_id, year, duration, artist_name
FROM {{ ref('stg_songs') }}
