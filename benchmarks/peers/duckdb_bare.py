"""A bare DuckDB script, as somebody who knows DuckDB would write it: two reads, five star statements."""

import sys
from pathlib import Path

import duckdb

from common import EVENTS, SKIPS_BAD, SONGS, Answers, gather_songs, say

LACKS = "no rejects, no ledger, no lineage, no checks; one load, not a nightly one"
STAR = """
CREATE TABLE songs AS
SELECT DISTINCT ON (song_id) song_id, title, artist_id, year, duration, artist_name FROM stg_songs;
CREATE TABLE artists AS
SELECT DISTINCT ON (artist_id) artist_id, artist_name AS name, artist_location AS location,
    artist_latitude AS latitude, artist_longitude AS longitude
FROM stg_songs;
CREATE TABLE users AS
SELECT DISTINCT ON (userId) userId::BIGINT AS user_id, firstName AS first_name, lastName AS last_name, gender, level
FROM stg_events WHERE userId <> '' ORDER BY userId, ts DESC;
CREATE TABLE songplay AS
SELECT
    e.sessionId * 1000000 + e.itemInSession AS songplay_id, make_timestamp_ms(e.ts) AS start_time,
    NULLIF(e.userId, '')::BIGINT AS user_id, e.level, s.song_id, s.artist_id, e.sessionId AS session_id,
    e.itemInSession AS item_in_session, e.location, e.userAgent AS user_agent, e.song AS title,
    e.artist AS artist_name, e.length
FROM stg_events AS e
LEFT JOIN (SELECT DISTINCT ON (title, artist_name, duration) * FROM songs) AS s
    ON s.title = e.song AND s.artist_name = e.artist AND s.duration = e.length
WHERE e.page = 'NextSong';
CREATE TABLE time AS
SELECT
    start_time, hour(start_time) AS hour, day(start_time) AS day, week(start_time) AS week,
    month(start_time) AS month, year(start_time) AS year, dayofweek(start_time) AS weekday
FROM (SELECT DISTINCT start_time FROM songplay)
"""


def load(source: Path, out: Path) -> None:
    connection = duckdb.connect(str(out / "bare.duckdb"))
    songs = gather_songs(source, out / "songs.json")
    connection.begin()
    for table, columns, files in (
        ("stg_events", EVENTS, str(source / "log_data" / "**" / "*.json")),
        ("stg_songs", SONGS, str(songs)),
    ):
        spec = ", ".join(f"'{key}': '{kind}'" for key, kind in columns.items())
        connection.execute(
            f"CREATE TABLE {table} AS "
            f"SELECT * FROM read_json($1, columns = {{{spec}}}, format = 'newline_delimited', "
            f"ignore_errors = {SKIPS_BAD})",
            [files],
        )
    for statement in STAR.split(";"):
        connection.execute(statement)
    connection.commit()
    connection.close()


def answer(out: Path) -> Answers:
    connection = duckdb.connect(str(out / "bare.duckdb"), read_only=True)
    plays, users = connection.execute(
        "SELECT (FROM songplay SELECT COUNT(*)), (FROM users SELECT COUNT(*))"
    ).fetchall()[0]
    top = connection.execute(
        "SELECT title, artist_name, COUNT(*) FROM songplay GROUP BY ALL ORDER BY 3 DESC, 1, 2 LIMIT 1"
    ).fetchall()[0]
    return {"plays": plays, "users": users, "top_song": list(top)}


if __name__ == "__main__":
    say(sys.argv, load, answer)
