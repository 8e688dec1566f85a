{{ config(materialized = env_var('MATERIALIZED', 'table')) }}
SELECT *
FROM read_json('{{ env_var("MUSIC_SOURCE") }}/log_data/**/*.json', format = 'newline_delimited',
    ignore_errors = {{ env_var('SKIP_BAD', '0') == '1' }}, columns = {
    'artist': 'VARCHAR', 'auth': 'VARCHAR', 'firstName': 'VARCHAR', 'gender': 'VARCHAR',
    'itemInSession': 'INTEGER', 'lastName': 'VARCHAR', 'length': 'DOUBLE', 'level': 'VARCHAR',
    'location': 'VARCHAR', 'method': 'VARCHAR', 'page': 'VARCHAR', 'registration': 'DOUBLE',
    'sessionId': 'BIGINT', 'song': 'VARCHAR', 'status': 'INTEGER', 'ts': 'BIGINT', 'userAgent':
    'VARCHAR', 'userId': 'VARCHAR'
})
{% if is_incremental() %}
WHERE ts > (SELECT MAX(ts) FROM {{ this }})
{% endif %}
