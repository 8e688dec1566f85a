"""What a warehouse must hold, counted from what was made up: no loader, no SQL.

`truth.json` beside the data reads:

    runs         one entry per load in turn: the folder itself, then with DIR.later/late copied over it
      source     the folder, from the one that holds truth.json
      records    read = loaded + duplicate + conflict + rejected, over all files
      values     of the good records: read, those that are not null; set_aside, those of them that are kept in
                 `extra`; misfits, those of these that do not fit their column
      unknown_keys        in how many records each key stands that no column takes
      files      per file: read, loaded, duplicate, conflict; rejected: the line of each rejected record;
                 values and set_aside, as above
      star       rows of each star table after that load; paid_users; plays matched to a song, to an artist
      most_played_songs   title, artist and plays of the ten first
    rewritten    the file that DIR.later/rewritten holds with another content; `etl` must refuse it
    planted      file, line and kind of every fault
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sparkify.simulate.catalogue import Song
from sparkify.simulate.faults import MISFIT, UNKNOWN, UNKNOWN_KEYS, Line, SongFile
from sparkify.simulate.listening import PLAY, Events
from sparkify.simulate.sessions import Sessions

GOOD = frozenset({"loaded", "duplicate", "conflict"})
"""What may become of a record that can be loaded."""


def tally_log(lines: Sequence[Line], skip: int = 0) -> dict[str, Any]:
    """What loading a log must count; the first `skip` lines came before."""
    fates = Counter(line.fate for line in lines[skip:])
    faults = Counter(line.fault for line in lines[skip:])
    return {
        "read": len(lines) - skip - fates["blank"],
        "loaded": fates["loaded"],
        "duplicate": fates["duplicate"],
        "conflict": fates["conflict"],
        "rejected": [n for n, line in enumerate(lines, 1) if n > skip and line.fate == "rejected"],
        "values": sum(line.values for line in lines[skip:] if line.fate in GOOD),
        "set_aside": faults[UNKNOWN] + faults[MISFIT],
    }


def tally_song(file: SongFile) -> dict[str, Any]:
    """What loading a metadata file must count: one record, unless it is empty."""
    return {
        "read": int(file.fate != "blank"),
        "loaded": int(file.fate == "loaded"),
        "duplicate": int(file.fate == "duplicate"),
        "conflict": int(file.fate == "conflict"),
        "rejected": [1] if file.fate == "rejected" else [],
        "values": file.values if file.fate in GOOD else 0,
        "set_aside": int(file.fault in (UNKNOWN, MISFIT)),
    }


class Star:
    """The star that events and songs make; it grows with each day and holds none of the events."""

    def __init__(self, sessions: Sessions, listeners: int, songs: Sequence[Song]) -> None:
        """`songs` are those that are heard, the most popular one first."""
        self._user, self._songs = sessions.user, songs
        self._known, self._paid = np.zeros(listeners, np.bool_), np.zeros(listeners, np.bool_)
        self._plays = np.zeros(len(songs), np.int64)
        self._seconds = 0

    def add(self, events: Events) -> None:
        """Count the loaded events of one day, in the order of time; it is later than those before it."""
        known = events[~events.logged_out]
        user = self._user[known.session]
        self._known[user] = True
        # Of several events of a listener the last one stays.
        self._paid[user] = known.paid
        plays = events[events.state == PLAY]
        self._plays += np.bincount(plays.song, minlength=len(self._songs))
        self._seconds += len(np.unique(plays.second))

    def count(self, listed: Sequence[Song]) -> dict[str, Any]:
        """What the warehouse must hold once these songs are loaded too."""
        plays: Counter[tuple[str, str]] = Counter()
        for index in np.flatnonzero(self._plays).tolist():
            song = self._songs[index]
            plays[song.title, song.credited] += int(self._plays[index])
        keys = {_key(song.title, song.credited) for song in listed}
        bearers: dict[str, set[str]] = {}
        for song in listed:
            bearers.setdefault(song.credited.casefold(), set()).add(song.artist.artist_id)
        by_song = {key for key in plays if _key(*key) in keys}
        by_artist = by_song | {key for key in plays if len(bearers.get(key[1].casefold(), ())) == 1}
        ranked = sorted(plays.items(), key=lambda entry: (-entry[1], entry[0]))
        return {
            "star": {
                "songplay": plays.total(),
                "users": int(self._known.sum()),
                "songs": len({song.song_id for song in listed}),
                "artists": len({song.artist.artist_id for song in listed}),
                "time": self._seconds,
            },
            "paid_users": int(self._paid.sum()),
            "matched": {
                "song": sum(plays[key] for key in by_song),
                "artist": sum(plays[key] for key in by_artist),
            },
            "most_played_songs": [[*key, count] for key, count in ranked[:10]],
        }


def total(files: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """The records of all files."""
    return {
        name: sum(file[name] for file in files.values())
        for name in ("read", "loaded", "duplicate", "conflict")
    } | {"rejected": sum(len(file["rejected"]) for file in files.values())}


def total_values(files: Mapping[str, Mapping[str, Any]], misfits: int) -> dict[str, int]:
    """The values of all files."""
    return {
        "read": sum(file["values"] for file in files.values()),
        "set_aside": sum(file["set_aside"] for file in files.values()),
        "misfits": misfits,
    }


def count_unknown(logs: int, songs: int) -> dict[str, int]:
    """In how many records each unknown key stands, given in how many of logs and songs one does."""
    return {key: count for key, count in zip(UNKNOWN_KEYS, (logs, songs), strict=True) if count}


def _key(title: str, credited: str) -> tuple[str, str]:
    return title.casefold(), credited.casefold()
