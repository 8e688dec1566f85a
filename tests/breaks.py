"""Ways to break a sound warehouse, by the check that must see it.

Each condition of a check is the only one that sees one of them: `test_check_conditions.py` asks for that.
"""

BREAKS: dict[str, str | list[str]] = {
    "artists_have_source": [
        "UPDATE artists SET location = 'Nowhere'",
        "UPDATE artists SET latitude = 1.0",
        "UPDATE artists SET longitude = NULL",
        "UPDATE stg_songs SET artist_id = 'AR9'",
    ],
    "songplay_is_matched": [
        "UPDATE songplay SET song_id = NULL, artist_id = NULL WHERE item_in_session = 0",
        "UPDATE songplay SET song_id = NULL WHERE item_in_session = 0",
        "UPDATE songplay SET artist_id = 'AR9' WHERE item_in_session = 1",
        "UPDATE songplay SET artist_id = NULL WHERE item_in_session = 1",
    ],
    "songs_have_source": [
        "UPDATE songs SET year = 1900",
        "UPDATE songs SET title = 'x'",
        "UPDATE songs SET artist_id = 'AR9'",
        "UPDATE songs SET artist_name = NULL",
        "UPDATE songs SET duration = 1",
        "UPDATE stg_songs SET song_id = 'SO9'",
    ],
    "users_have_source": [
        "UPDATE users SET level = 'free'",
        "UPDATE users SET first_name = NULL",
        "UPDATE users SET last_name = 'x'",
        "UPDATE users SET gender = 'M'",
        "UPDATE users SET last_item_in_session = 7",
        "UPDATE users SET last_session_id = 7",
        # Two listeners, each with the other's moment: both are moments that staging knows.
        "UPDATE users SET last_ts = other.last_ts FROM users AS other "
        "WHERE users.user_id + other.user_id = 31",
        "UPDATE stg_events SET user_id = 99",
    ],
    "artists_have_songs": [
        "DELETE FROM songs",
        "UPDATE artists SET name = 'x'",
        "UPDATE songs SET artist_id = 'AR9'",
    ],
    "artists_unique": "INSERT INTO artists SELECT * FROM artists",
    "forgotten_are_gone": "INSERT INTO etl_forgotten (user_id, run_id, forgotten_at) "
    "SELECT MIN(user_id), 1, MIN(ts) FROM stg_events WHERE run_id IN (SELECT MAX(run_id) FROM stg_events)",
    "ledger_balanced": [
        "UPDATE etl_file SET records_read = records_read + 1 WHERE file_id = 2",
        "UPDATE etl_file SET records_read = records_read + 1, rejected = rejected + 1 WHERE file_id = 2",
        "UPDATE etl_file SET records_read = records_read + 1, loaded = loaded + 1 WHERE file_id = 2",
        "UPDATE etl_file SET loaded = -1, duplicate = duplicate + loaded + 1 WHERE file_id = 2",
        "UPDATE stg_events SET record = NULL WHERE page = 'Help'",
        "UPDATE stg_events SET record = 0 WHERE page = 'Help'",
        "UPDATE stg_events SET record = 6 WHERE page = 'Help'",
        "UPDATE stg_songs SET record = 2",
    ],
    "records_have_file": [
        "DELETE FROM etl_file",
        "UPDATE etl_file SET undone_in = 2 WHERE file_id = 2",
        "UPDATE etl_file SET replaced_in = 2 WHERE file_id = 2",
        "UPDATE stg_events SET file_id = 99",
        "UPDATE stg_events SET file_id = NULL",
        "UPDATE stg_events SET run_id = 99",
        "UPDATE stg_songs SET file_id = 99",
        "UPDATE stg_songs SET run_id = 99",
        "INSERT INTO etl_reject (run_id, file_id, record, reason, encoding) VALUES (2, 99, 1, 'x', 'text')",
        "UPDATE etl_run SET run_id = 99",
    ],
    "runs_balanced": [
        "UPDATE etl_run SET loaded = loaded + 1",
        "UPDATE etl_run SET run_id = run_id + 1",
        "UPDATE etl_run SET records_read = records_read + 1, loaded = loaded + 1",
        "UPDATE etl_run SET rejected = rejected + 1, loaded = loaded - 1",
        "UPDATE etl_run SET undone_in = 2",
    ],
    "songplay_artist_exists": "DELETE FROM artists",
    "songplay_complete": [
        "DELETE FROM songplay WHERE item_in_session = 1",
        "DELETE FROM songplay WHERE songplay_id < 0",
    ],
    "songplay_has_first": "DELETE FROM songplay WHERE songplay_id = 38000003",
    "songplay_has_source": [
        "DELETE FROM stg_events WHERE item_in_session = 1",
        "UPDATE stg_events SET item_in_session = 7 WHERE item_in_session = 1",
        "UPDATE stg_events SET page = 'Home' WHERE item_in_session = 1",
        "UPDATE songplay SET user_id = NULL",
        "UPDATE songplay SET level = 'free'",
        "UPDATE songplay SET length = 1",
        "UPDATE songplay SET title = 'x' WHERE song_id IS NULL",
        "UPDATE songplay SET artist_name = NULL",
        "UPDATE songplay SET location = 'x'",
        "UPDATE songplay SET user_agent = NULL",
        "UPDATE songplay SET start_time = '2018-11-01 12:01:00'",
    ],
    "songplay_is_its_key": [
        "UPDATE songplay SET item_in_session = 7 WHERE item_in_session = 1",
        "UPDATE songplay SET session_id = session_id - 1, item_in_session = item_in_session + 1000000 "
        "WHERE item_in_session = 1",
        "UPDATE songplay SET session_id = session_id + 1, item_in_session = item_in_session - 1000000 "
        "WHERE item_in_session = 1",
        "UPDATE songplay SET user_id = 17 WHERE songplay_id = 38000003",
        "UPDATE songplay SET songplay_id = songplay_id - 1 WHERE songplay_id < 0",
        # Nobody's key at this moment, in 15 digits: printf '38|3|@1541074300796000' | md5sum.
        "UPDATE songplay SET user_id = NULL, songplay_id = -978684538129387988 WHERE songplay_id < 0",
    ],
    "songplay_song_agrees": [
        "UPDATE songs SET title = 'Another'",
        "UPDATE songs SET artist_name = 'Another'",
        "UPDATE songs SET artist_id = 'AR9'",
        "UPDATE songplay SET song_id = 'SO9' WHERE song_id IS NOT NULL",
        "UPDATE songplay SET artist_id = NULL WHERE song_id IS NOT NULL",
        "UPDATE songplay SET artist_name = NULL WHERE song_id IS NOT NULL",
        "UPDATE songplay SET title = NULL WHERE song_id IS NOT NULL",
    ],
    "songplay_time_exists": "DELETE FROM time",
    "songplay_unique": "INSERT INTO songplay SELECT * FROM songplay",
    "songplay_user_exists": "DELETE FROM users",
    "songs_artist_exists": "UPDATE songs SET artist_id = 'AR9'",
    "songs_complete": "DELETE FROM songs",
    "songs_unique": "INSERT INTO songs SELECT * FROM songs",
    "staging_balanced": [
        "DELETE FROM stg_events WHERE page = 'Help'",
        "DELETE FROM stg_songs",
    ],
    "time_is_used": "INSERT INTO time VALUES ('2018-11-01 12:00:01', 12, 1, 44, 11, 2018, 4, 2018)",
    "time_parts": [
        "UPDATE time SET hour = 0",
        "UPDATE time SET day = 0",
        "UPDATE time SET week = 0",
        "UPDATE time SET month = 0",
        "UPDATE time SET year = 0",
        "UPDATE time SET weekday = 0",
        "UPDATE time SET iso_year = 0",
        "UPDATE time SET iso_year = NULL",
    ],
    "time_unique": "INSERT INTO time SELECT * FROM time",
    "users_complete": "DELETE FROM users",
    "users_latest": "UPDATE users SET last_ts = '2018-10-01 00:00:00'",
    "users_unique": "INSERT INTO users SELECT * FROM users",
    "values_conserved": [
        "UPDATE etl_file SET values_read = values_read + 1 WHERE file_id = 2",
        "UPDATE etl_file SET values_aside = values_aside + 1 WHERE file_id = 2",
        "UPDATE etl_file SET values_erased = values_erased + 1 WHERE file_id = 2",
        "UPDATE stg_events SET gender = NULL WHERE page = 'Help'",
        "UPDATE stg_songs SET year = NULL",
        "DELETE FROM stg_songs",
    ],
}

CASES = [
    (name, sql)
    for name, found in sorted(BREAKS.items())
    for sql in ([found] if isinstance(found, str) else found)
]
