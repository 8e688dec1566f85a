"""The classic script: a loop over files and rows, an INSERT each, a SELECT for each play's song, PostgreSQL."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import psycopg

from common import Answers, say

LACKS = "no rejects, no ledger, no lineage, no checks, no staging; a second run appends everything again"
TABLES = """
CREATE TABLE songs (song_id TEXT PRIMARY KEY, title TEXT, artist_id TEXT, year INT, duration FLOAT8);
CREATE TABLE artists (artist_id TEXT PRIMARY KEY, name TEXT, location TEXT, latitude FLOAT8, longitude FLOAT8);
CREATE TABLE users (user_id BIGINT PRIMARY KEY, first_name TEXT, last_name TEXT, gender TEXT, level TEXT);
CREATE TABLE time (start_time TIMESTAMP PRIMARY KEY, hour INT, day INT, week INT, month INT, year INT, weekday INT);
CREATE TABLE songplay (songplay_id SERIAL PRIMARY KEY, start_time TIMESTAMP, user_id BIGINT, level TEXT,
    song_id TEXT, artist_id TEXT, session_id BIGINT, location TEXT, user_agent TEXT, title TEXT, artist TEXT);
CREATE INDEX song_by_name ON songs (title, duration)
"""
FIND = (
    "SELECT s.song_id, s.artist_id FROM songs AS s JOIN artists AS a ON a.artist_id = s.artist_id "
    "WHERE s.title = %s AND a.name = %s AND s.duration = %s"
)


def connect(out: Path) -> psycopg.Connection:
    return psycopg.connect((out.parent / "postgres.dsn").read_text())


def load(source: Path, out: Path) -> None:
    with connect(out) as connection:
        cursor = connection.cursor()
        cursor.execute(TABLES)
        for file in sorted((source / "song_data").rglob("*.json")):
            for row in pd.read_json(file, lines=True).replace({float("nan"): None}).itertuples():
                cursor.execute(
                    "INSERT INTO songs VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                    (row.song_id, str(row.title), row.artist_id, row.year, row.duration),
                )
                cursor.execute(
                    "INSERT INTO artists VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                    (
                        row.artist_id,
                        str(row.artist_name),
                        row.artist_location,
                        row.artist_latitude,
                        row.artist_longitude,
                    ),
                )
            connection.commit()
        for file in sorted((source / "log_data").rglob("*.json")):
            day = pd.read_json(file, lines=True, dtype={"userId": str}, convert_dates=False)
            for row in day[day["userId"] != ""].replace({float("nan"): None}).itertuples():
                cursor.execute(
                    "INSERT INTO users VALUES (%s, %s, %s, %s, %s) "
                    "ON CONFLICT (user_id) DO UPDATE SET level = EXCLUDED.level",
                    (int(row.userId), row.firstName, row.lastName, row.gender, row.level),
                )
            for row in day[day["page"] == "NextSong"].replace({float("nan"): None}).itertuples():
                start = datetime.fromtimestamp(row.ts / 1000, UTC).replace(tzinfo=None)
                cursor.execute(
                    "INSERT INTO time VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                    (start, start.hour, start.day, start.isocalendar().week, start.month, start.year,
                     start.isoweekday() % 7),
                )  # fmt: skip
                song = cursor.execute(FIND, (row.song, row.artist, row.length)).fetchone() or (None, None)
                cursor.execute(
                    "INSERT INTO songplay (start_time, user_id, level, song_id, artist_id, session_id, location, "
                    "user_agent, title, artist) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                    (start, int(row.userId), row.level, *song, row.sessionId, row.location, row.userAgent, row.song,
                     row.artist),
                )  # fmt: skip
            connection.commit()


def answer(out: Path) -> Answers:
    with connect(out) as connection:
        count = [
            connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in ("songplay", "users")
        ]
        top = connection.execute(
            "SELECT title, artist, COUNT(*) FROM songplay GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 1"
        ).fetchone()
    return {"plays": count[0], "users": count[1], "top_song": list(top)}


if __name__ == "__main__":
    say(sys.argv, load, answer)
