"""The star by brute force: plain Python over the files, one record after another, no SQL.

Slow, and independent of the loader: what it says of a source is what a warehouse of it must hold.
"""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

Record = dict[str, Any]


class Play(NamedTuple):
    """What must be known of one play."""

    key: int
    moment: dt.datetime
    user_id: int | None
    level: str
    song_id: str | None
    artist_id: str | None
    title: str
    artist: str


def plays(folder: Path) -> list[Play]:
    """Every play in the folder, by its key."""
    songs = {record["song_id"]: record for record in _good(folder / "song_data", _is_song)}
    first: dict[int, Record] = {}
    for event in _good(folder / "log_data", _is_event):
        first.setdefault(event["sessionId"] * 1_000_000 + event["itemInSession"], event)
    heard = sorted((key, event) for key, event in first.items() if event["page"] == "NextSong")
    return [_play(key, event, list(songs.values())) for key, event in heard]


def repair(text: str) -> str:
    """Text that was encoded as UTF-8 once or more too often, as it was meant."""
    while not text.isascii():
        try:
            text = text.encode("latin-1").decode()
        except UnicodeError:
            break
    return text


def _play(key: int, event: Record, songs: list[Record]) -> Play:
    title, artist = repair(event["song"]).strip(), repair(event["artist"]).strip()
    same = [
        song for song in songs
        if _same(song["title"], title) and _same(song["artist_name"], artist)
    ]  # fmt: skip
    best = min(
        same, key=lambda song: (abs(song["duration"] - event["length"]), song["song_id"]), default=None
    )
    bearers = {song["artist_id"] for song in songs if _same(song["artist_name"], artist)}
    return Play(
        key,
        dt.datetime.fromtimestamp(event["ts"] / 1000, dt.UTC).replace(tzinfo=None),
        int(event["userId"]),
        event["level"],
        best["song_id"] if best else None,
        best["artist_id"] if best else bearers.pop() if len(bearers) == 1 else None,
        title,
        artist,
    )


def _same(one: str, other: str) -> bool:
    return repair(one).strip().lower() == other.lower()


def _good(folder: Path, is_good: Any) -> Iterator[Record]:
    """The records below the folder, in the order of the files' names; a whole file may be one record."""
    for file in sorted(folder.rglob("*.json")):
        text = file.read_text()
        whole = _parsed(text)
        for record in [whole] if whole else map(_parsed, text.split("\n")):
            if record and is_good(record):
                yield record


def _parsed(text: str) -> Record | None:
    try:
        return json.loads(text)  # type: ignore[no-any-return]  # the files hold objects
    except json.JSONDecodeError:
        return None


def _is_event(record: Record) -> bool:
    return isinstance(record["ts"], int) and "page" in record


def _is_song(record: Record) -> bool:
    return isinstance(record["duration"], float | int) and "title" in record
