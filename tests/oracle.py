"""The star by brute force: plain Python over the files, one record after another, no SQL.

Slow, and independent of the loader: what it says of a source is what a warehouse of it must hold.
"""

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

Record = dict[str, Any]
EPOCH = dt.datetime(1970, 1, 1)


class Play(NamedTuple):
    """What must be known of one play."""

    key: int
    moment: dt.datetime
    user_id: int | None
    level: str | None
    song_id: str | None
    artist_id: str | None
    title: str | None
    artist: str | None


def plays(folder: Path) -> list[Play]:
    """Every play in the folder, by its key.

    A play is one listener's at one place of a session. Where nobody is logged in, the moment stands for the
    listener: two plays of nobody at one place are two if they began at different moments.
    """
    songs = {record["song_id"]: record for record in _good(folder / "song_data", _is_song)}
    places: dict[tuple[int, int], dict[Any, list[Record]]] = {}
    for event in _good(folder / "log_data", _is_event):
        if event["page"] == "NextSong":
            place = places.setdefault((event["sessionId"], event["itemInSession"]), {})
            place.setdefault(_listener(event), []).append(event)
    found = [
        _play(_key(*place, listener, is_first=n == 0), min(records, key=_order), list(songs.values()))
        for place, listeners in places.items()
        for n, (listener, records) in enumerate(sorted(listeners.items()))
    ]
    return sorted(found, key=lambda play: play.key)


def users(folder: Path) -> list[tuple[Any, ...]]:
    """(user_id, first_name, last_name, gender, level) of each listener, as their latest event says.

    Of several at that moment the last by session and position; of several there the smallest.
    """
    events: dict[int, list[Record]] = {}
    for event in _good(folder / "log_data", _is_event):
        if (user := _user(event)) is not None:
            events.setdefault(user, []).append(event)
    found = []
    for user, theirs in events.items():
        last = max(_place(event) for event in theirs)
        told = [
            (_level(one), _text(one["firstName"]), _text(one["lastName"]), _blank(one["gender"]))
            for one in theirs
            if _place(one) == last
        ]
        level, first, last_name, gender = min(told, key=_missing_first)
        found.append((user, first, last_name, gender, level))
    return sorted(found)


def songs(folder: Path) -> list[tuple[Any, ...]]:
    """(song_id, title, artist_id, artist_name, year, duration) of each song; one record for each here."""
    records = list(_good(folder / "song_data", _is_song))
    assert len({one["song_id"] for one in records}) == len(records)
    return sorted(
        (
            one["song_id"], _text(one["title"]), one["artist_id"], _text(one["artist_name"]),
            one["year"] or None, one["duration"],
        )
        for one in records
    )  # fmt: skip


def artists(folder: Path) -> list[tuple[Any, ...]]:
    """(artist_id, name, location) of each artist: the name of most of their songs, then the shortest."""
    records: dict[str, list[Record]] = {}
    for record in sorted(_good(folder / "song_data", _is_song), key=lambda one: one["song_id"]):
        records.setdefault(record["artist_id"], []).append(record)
    found = []
    for artist, theirs in records.items():
        names = Counter(name for one in theirs if (name := _text(one["artist_name"])))
        name = min(names, key=lambda one: (-names[one], len(one), one), default=None)
        known = (place for one in theirs if (place := _text(one["artist_location"])))
        found.append((artist, name, next(known, None)))
    return sorted(found)


class Event(NamedTuple):
    """What must be known of one event, a play or any other page."""

    moment: dt.datetime
    session: int
    item: int
    user_id: int | None
    page: str
    level: str | None
    status: int | None
    title: str | None
    artist: str | None
    length: float | None
    location: str | None = None

    @property
    def is_play(self) -> bool:
        return self.page == "NextSong"


def events(folder: Path) -> list[Event]:
    """Every event in the folder, in the order of time; of a listener's records of a page at one place, one.

    Which one: of plays, as `plays` has it; of other pages the smallest by time, level and status.
    """
    places: dict[Any, list[Record]] = {}
    for event in _good(folder / "log_data", _is_event):
        place = (event["sessionId"], event["itemInSession"], _listener(event), event["page"])
        places.setdefault(place, []).append(event)
    chosen = (
        min(records, key=_order if key[3] == "NextSong" else _order_of_page)
        for key, records in places.items()
    )
    found = [
        Event(
            _moment(event["ts"]), event["sessionId"], event["itemInSession"], _user(event), event["page"],
            _level(event), _number(event["status"]), _text(event["song"]), _text(event["artist"]),
            _number(event["length"]), _text(event["location"]),
        )
        for event in chosen
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.moment, one.session, one.item, one.user_id or 0, one.page))


def registrations(folder: Path) -> dict[int, dt.datetime]:
    """When each listener registered: the earliest moment that a record of theirs says."""
    found: dict[int, dt.datetime] = {}
    for event in _good(folder / "log_data", _is_event):
        user = _user(event)
        if user is not None and isinstance(event["registration"], int | float):
            said = event["registration"]
            milliseconds = said * 1000 if said < 10**11 else said / 1000 if said >= 10**14 else said
            moment = _moment(int(milliseconds))
            found[user] = min(moment, found.get(user, moment))
    return found


def _number(value: Any) -> Any:
    """A value of a column of numbers: what is none does not fit."""
    return value if isinstance(value, int | float) else None


def _level(event: Record) -> str | None:
    """What an event says of a level: an empty text says none."""
    return _blank(event["level"])


def _blank(text: str | None) -> str | None:
    return (text or "").strip(" ") or None


def _moment(milliseconds: int) -> dt.datetime:
    return EPOCH + dt.timedelta(milliseconds=milliseconds)


def _place(event: Record) -> tuple[int, int, int]:
    return event["ts"], event["sessionId"], event["itemInSession"]


def _missing_first(values: Iterable[Any]) -> list[tuple[bool, Any]]:
    return [(value is not None, value) for value in values]


def _order_of_page(event: Record) -> list[tuple[bool, Any]]:
    return _missing_first((event["ts"], _level(event), _number(event["status"])))


def _listener(event: Record) -> tuple[int, int]:
    """Who played, in their order: nobody, by the moment, then listeners by their number."""
    user = _user(event)
    return (0, event["ts"]) if user is None else (1, user)


def _key(session: int, item: int, listener: tuple[int, int], *, is_first: bool) -> int:
    """The id of a play: the first at its place has that of the place, any other one a negative hash."""
    if is_first:
        return session * 1_000_000 + item
    is_known, number = listener
    who = f"{number}" if is_known else f"@{number * 1000}"  # a moment in microseconds since 1970
    return -1 - int(hashlib.md5(f"{session}|{item}|{who}".encode()).hexdigest()[:15], 16)


def _order(event: Record) -> list[tuple[bool, Any]]:
    """The smallest of a play's records is taken: by time, then by all that it says, what is missing first."""
    agent = event["userAgent"]
    values = (
        event["ts"], _user(event), _level(event), _text(event["song"]), _text(event["artist"]),
        event["length"], _text(event["location"]), (agent or "").strip('" ') or None,
    )  # fmt: skip
    return _missing_first(values)


def _user(event: Record) -> int | None:
    return int(event["userId"]) if event["userId"] else None


def _text(value: str | None) -> str | None:
    """What the star makes of a text: repaired, without blanks at its ends, missing if nothing is left."""
    return None if value is None else repair(value).strip(" ") or None


def repair(text: str) -> str:
    """Text that was encoded as UTF-8 once or more too often, as it was meant."""
    while not text.isascii():
        try:
            text = text.encode("latin-1").decode()
        except UnicodeError:
            break
    return text


def _play(key: int, event: Record, songs: list[Record]) -> Play:
    title, artist, length = _text(event["song"]), _text(event["artist"]), event["length"]
    same = [song for song in songs if _same(song["title"], title) and _same(song["artist_name"], artist)]
    best = min(
        same,
        key=lambda song: (_apart(song["duration"], length), song["song_id"]),
        default=None,
    )
    bearers = {song["artist_id"] for song in songs if _same(song["artist_name"], artist)}
    return Play(
        key,
        EPOCH + dt.timedelta(milliseconds=event["ts"]),
        _user(event),
        _level(event),
        best["song_id"] if best else None,
        best["artist_id"] if best else bearers.pop() if len(bearers) == 1 else None,
        title,
        artist,
    )


def _apart(duration: Any, length: float | None) -> float:
    """How much a play's length differs from the song's; a duration that is no number is none."""
    if length is None or not isinstance(duration, float | int):
        return 1_000_000
    return abs(duration - length)


def _same(one: str | None, other: str | None) -> bool:
    text = _text(one)
    return text is not None and other is not None and text.lower() == other.lower()


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
    return "title" in record
