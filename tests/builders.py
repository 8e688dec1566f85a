"""Records as the app writes them, and folders as it leaves them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

from sparkify.config import S3
from sparkify.engines.base import Engine
from sparkify.load.feed import Feed
from sparkify.load.files import State
from sparkify.load.project import NO_PROJECT, Project
from sparkify.load.run import MaxRejects, Summary, load
from sparkify.progress import Silent
from sparkify.source.listing import list_source

NOON = 1_541_073_600_796
"""2018-11-01 12:00:00.796 UTC; the real logs' times end in 796 ms too."""

Record = dict[str, Any]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
"""Runs sparkify with these arguments."""


EACH_LANE = pytest.mark.parametrize(
    ("new_warehouse", "padding"),
    [("duckdb", 0), ("duckdb", 300), ("redshift", 0)],  # DuckDB reads tiny files in a way of their own
    indirect=["new_warehouse"],
)
"""For a test that writes so many plays besides: a small file, a larger one, and a cluster."""


class Noting(Silent):
    """Keeps warnings and notes."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)

    def warn(self, message: str) -> None:
        self.warnings.append(message)


def event(**changes: Any) -> Record:
    """An event in the app's own shape and key order."""
    record: Record = {
        "artist": None,
        "auth": "Logged In",
        "firstName": "Lily",
        "gender": "F",
        "itemInSession": 0,
        "lastName": "Koch",
        "length": None,
        "level": "paid",
        "location": "Chicago-Naperville-Elgin, IL-IN-WI",
        "method": "GET",
        "page": "Home",
        "registration": 1540919166796.0,
        "sessionId": 38,
        "song": None,
        "status": 200,
        "ts": NOON,
        "userAgent": '"Mozilla/5.0 (X11; Linux x86_64) Chrome/36.0"',
        "userId": "15",
    }
    assert changes.keys() <= record.keys(), changes.keys() - record.keys()
    return record | changes


def play(item: int = 0, **changes: Any) -> Record:
    """A play of one song; plays of one session differ in `item`, and follow each other in time."""
    values: Record = {
        "artist": "Nightbirds",
        "song": "Undo",
        "length": 200.5,
        "page": "NextSong",
        "method": "PUT",
        "itemInSession": item,
        "ts": NOON + 200_000 * item,
    }
    return event(**(values | changes))


def logged_out(**changes: Any) -> Record:
    """An event of nobody in particular."""
    nobody = {
        "auth": "Logged Out", "firstName": None, "gender": None, "lastName": None, "level": "free",
        "location": None, "registration": None, "userAgent": None, "userId": "",
    }  # fmt: skip
    return event(**(nobody | changes))


def song(song_id: str = "SO1", **changes: Any) -> Record:
    """A song in the source's own shape and key order."""
    record: Record = {
        "num_songs": 1,
        "artist_id": "AR1",
        "artist_latitude": None,
        "artist_longitude": None,
        "artist_location": "",
        "artist_name": "Nightbirds",
        "song_id": song_id,
        "title": "Undo",
        "duration": 200.5,
        "year": 0,
    }
    assert changes.keys() <= record.keys(), changes.keys() - record.keys()
    return record | changes


class Source:
    """A folder that fills up as the app writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def log(self, *records: Record | str | bytes, day: str = "2018-11-01") -> Path:
        """A day's log, one record a line, no newline at the end. Text and bytes go in as they are."""
        file = self.folder / "log_data" / day[:4] / day[5:7] / f"{day}-events.json"
        return self.write(file, b"\n".join(map(_line, records)))

    def song(self, record: Record | str | bytes, name: str | None = None) -> Path:
        """One song file."""
        name = name or f"TR{record['song_id']}"  # type: ignore[index]  # text and bytes come with a name
        return self.write(self.folder / "song_data" / "A" / "B" / "C" / f"{name}.json", _line(record))

    def write(self, file: Path, content: bytes) -> Path:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file


def etl(
    engine: Engine,
    source: Path,
    max_rejects: str = "1000000",
    watching: Noting | None = None,
    also: Collection[State] = (),
    feed: Feed | None = None,
    project: Project = NO_PROJECT,
) -> Summary:
    """One run over a folder."""
    files, allowed = list_source(S3(source=str(source))), MaxRejects.parse(max_rejects)
    return load(engine, files, allowed, watching or Noting(), also=also, feed=feed, project=project)


def counts(summary: Summary) -> dict[str, int]:
    """What became of the records of a run."""
    names = ("read", "loaded", "duplicate", "conflict", "rejected")
    return {name: getattr(summary.records, name) for name in names}


def rows(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    return engine.query(sql).rows


def _line(record: Record | str | bytes) -> bytes:
    if isinstance(record, bytes):
        return record
    return (record if isinstance(record, str) else json.dumps(record)).encode()


def rejects(engine: Engine) -> list[tuple[Any, ...]]:
    """Number and reason of every record that is rejected still, in the order of files and lines."""
    sql = "SELECT record, reason FROM etl_reject WHERE replayed_in IS NULL ORDER BY file_id, record"
    return rows(engine, sql)


def without_rights(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run sparkify as somebody whom files can shut out, which root is not unless it gives that up."""
    command = [sys.executable, "-m", "sparkify.cli.main", *arguments]
    if os.geteuid() == 0:
        rights = "-dac_override,-dac_read_search"
        if not shutil.which("setpriv"):
            pytest.skip("root cannot give up its rights here: setpriv (util-linux) is missing")
        command = ["setpriv", f"--inh-caps={rights}", f"--bounding-set={rights}", *command]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
