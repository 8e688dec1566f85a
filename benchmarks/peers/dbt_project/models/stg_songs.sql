SELECT *
FROM read_json('{{ env_var("MUSIC_OUT") }}/songs.json', format = 'newline_delimited', columns = {
    'artist_id': 'VARCHAR', 'artist_latitude': 'DOUBLE', 'artist_location': 'VARCHAR',
    'artist_longitude': 'DOUBLE', 'artist_name': 'VARCHAR', 'duration': 'DOUBLE', 'num_songs':
    'INTEGER', 'song_id': 'VARCHAR', 'title': 'VARCHAR', 'year': 'INTEGER'
})
