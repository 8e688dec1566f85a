"""What every peer is given: the files, the columns, and three questions whose answers must agree."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

EVENTS = {
    "artist": "VARCHAR", "auth": "VARCHAR", "firstName": "VARCHAR", "gender": "VARCHAR",
    "itemInSession": "INTEGER", "lastName": "VARCHAR", "length": "DOUBLE", "level": "VARCHAR",
    "location": "VARCHAR", "method": "VARCHAR", "page": "VARCHAR", "registration": "DOUBLE",
    "sessionId": "BIGINT", "song": "VARCHAR", "status": "INTEGER", "ts": "BIGINT", "userAgent": "VARCHAR",
    "userId": "VARCHAR",
}  # fmt: skip
SONGS = {
    "artist_id": "VARCHAR", "artist_latitude": "DOUBLE", "artist_location": "VARCHAR",
    "artist_longitude": "DOUBLE", "artist_name": "VARCHAR", "duration": "DOUBLE", "num_songs": "INTEGER",
    "song_id": "VARCHAR", "title": "VARCHAR", "year": "INTEGER",
}  # fmt: skip
"""The columns of the source, in DuckDB's words."""
SKIPS_BAD = "SKIP_BAD" in os.environ
"""Whether lines that are no records are passed over: a job that runs every night must not stop at one."""

Answers = dict[str, Any]


def gather_songs(source: Path, target: Path) -> Path:
    """All song files in one: a reader that opens 15,000 files one by one would be compared at opening files."""
    with target.open("wb") as out:
        for file in (source / "song_data").rglob("*.json"):
            out.write(file.read_bytes() + b"\n")
    return target


def say(
    argv: list[str], load: Callable[[Path, Path], None], answer: Callable[[Path], Answers] | None
) -> None:
    """`load SOURCE OUT`, which is timed, or `answer OUT`, which is not: plays, users, top_song, its plays."""
    if argv[1] == "load":
        load(Path(argv[2]), Path(argv[3]))
    else:
        print(json.dumps(answer(Path(argv[2])) if answer else None))
