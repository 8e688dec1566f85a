{{ config(materialized = env_var('MATERIALIZED', 'table'), unique_key = 'songplay_id') }}
SELECT
    e.sessionId * 1000000 + e.itemInSession AS songplay_id, make_timestamp_ms(e.ts) AS start_time,
    NULLIF(e.userId, '')::BIGINT AS user_id, e.level, s.song_id, s.artist_id, e.sessionId AS session_id,
    e.itemInSession AS item_in_session, e.location, e.userAgent AS user_agent, e.song AS title,
    e.artist AS artist_name, e.length
FROM {{ ref('stg_events') }} AS e
LEFT JOIN (SELECT DISTINCT ON (title, artist_name, duration) * FROM {{ ref('songs') }}) AS s
    ON s.title = e.song AND s.artist_name = e.artist AND s.duration = e.length
WHERE e.page = 'NextSong'
{% if is_incremental() %}
AND make_timestamp_ms(e.ts) > (SELECT MAX(start_time) FROM {{ this }})
{% endif %}
