"""A DuckDB script for every night: it remembers the files it has read, and adds what the new ones hold."""

import sys
from pathlib import Path

import duckdb

from common import EVENTS, SKIPS_BAD, SONGS, gather_songs, say

LACKS = "no rejects, no lineage, no checks; a file that is written again is not read again"
TABLES = """
CREATE TABLE IF NOT EXISTS loaded (file VARCHAR PRIMARY KEY);
CREATE TABLE IF NOT EXISTS songs (
    song_id VARCHAR PRIMARY KEY, title VARCHAR, artist_id VARCHAR, year INTEGER, duration DOUBLE, artist_name VARCHAR
);
CREATE TABLE IF NOT EXISTS artists (
    artist_id VARCHAR PRIMARY KEY, name VARCHAR, location VARCHAR, latitude DOUBLE, longitude DOUBLE
);
CREATE TABLE IF NOT EXISTS users (
    user_id BIGINT PRIMARY KEY, first_name VARCHAR, last_name VARCHAR, gender VARCHAR, level VARCHAR, last_ts BIGINT
);
CREATE TABLE IF NOT EXISTS songplay (
    songplay_id BIGINT, start_time TIMESTAMP, user_id BIGINT, level VARCHAR, song_id VARCHAR, artist_id VARCHAR,
    session_id BIGINT, item_in_session INTEGER, location VARCHAR, user_agent VARCHAR, title VARCHAR,
    artist_name VARCHAR, length DOUBLE
);
CREATE TABLE IF NOT EXISTS time (
    start_time TIMESTAMP PRIMARY KEY, hour BIGINT, day BIGINT, week BIGINT, month BIGINT, year BIGINT, weekday BIGINT
)
"""
NIGHT = """
INSERT OR IGNORE INTO songs
SELECT DISTINCT ON (song_id) song_id, title, artist_id, year, duration, artist_name FROM new_songs;
INSERT OR IGNORE INTO artists
SELECT DISTINCT ON (artist_id) artist_id, artist_name, artist_location, artist_latitude, artist_longitude
FROM new_songs;
INSERT INTO users
SELECT DISTINCT ON (userId) userId::BIGINT, firstName, lastName, gender, level, ts
FROM new_events WHERE userId <> '' ORDER BY userId, ts DESC
ON CONFLICT DO UPDATE SET first_name = excluded.first_name, last_name = excluded.last_name,
    gender = excluded.gender, level = excluded.level, last_ts = excluded.last_ts
WHERE excluded.last_ts > last_ts;
INSERT INTO songplay
SELECT
    e.sessionId * 1000000 + e.itemInSession, make_timestamp_ms(e.ts), NULLIF(e.userId, '')::BIGINT, e.level,
    s.song_id, s.artist_id, e.sessionId, e.itemInSession, e.location, e.userAgent, e.song, e.artist, e.length
FROM new_events AS e
LEFT JOIN (SELECT DISTINCT ON (title, artist_name, duration) * FROM songs) AS s
    ON s.title = e.song AND s.artist_name = e.artist AND s.duration = e.length
WHERE e.page = 'NextSong';
INSERT OR IGNORE INTO time
SELECT
    start_time, hour(start_time), day(start_time), week(start_time), month(start_time), year(start_time),
    dayofweek(start_time)
FROM (SELECT DISTINCT make_timestamp_ms(ts) AS start_time FROM new_events WHERE page = 'NextSong')
"""


def load(source: Path, out: Path) -> None:
    connection = duckdb.connect(str(out / "nightly.duckdb"))
    songs = gather_songs(source, out / "songs.json")
    connection.begin()
    for statement in TABLES.split(";"):
        connection.execute(statement)
    known = {file for (file,) in connection.execute("FROM loaded").fetchall()}
    logs = [str(path) for path in sorted((source / "log_data").rglob("*.json")) if str(path) not in known]
    if not logs:
        return
    for table, columns, files in (("new_events", EVENTS, logs), ("new_songs", SONGS, [str(songs)])):
        spec = ", ".join(f"'{key}': '{kind}'" for key, kind in columns.items())
        connection.execute(
            f"CREATE TEMP TABLE {table} AS SELECT * FROM read_json($1, columns = {{{spec}}}, "
            f"format = 'newline_delimited', ignore_errors = {SKIPS_BAD})",
            [files],
        )
    for statement in NIGHT.split(";"):
        connection.execute(statement)
    connection.executemany("INSERT INTO loaded VALUES (?)", [[log] for log in logs])
    connection.commit()
    connection.close()


if __name__ == "__main__":
    say(sys.argv, load, None)
