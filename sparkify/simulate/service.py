"""A month of a service, or any other time: made up, and written as its app would."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from sparkify.errors import ConfigError
from sparkify.scratch import Scratch
from sparkify.simulate.catalogue import Song, make_catalogue
from sparkify.simulate.faults import MISFIT, UNKNOWN, Line, SongFile, spoil_log, spoil_songs
from sparkify.simulate.listeners import make_listeners
from sparkify.simulate.listening import Events, join, listen, popularity
from sparkify.simulate.rendering import Renderer
from sparkify.simulate.sessions import draw_sessions
from sparkify.simulate.truth import GOOD, Star, count_unknown, tally_log, tally_song, total, total_values

EVENTS_A_DAY = 3.4
"""Per listener, most of whom do not come every day."""

LATE_SONGS = 0.05
YEARS = dt.date(1970, 1, 1), dt.date(2099, 12, 31)
"""The days whose events a warehouse takes."""


@dataclass(frozen=True)
class Options:
    """What to make up. With `events` None there are as many as the listeners make."""

    listeners: int | None = None
    events: int | None = None
    days: int = 30
    songs: int = 15_000
    start: dt.date = dt.date(2026, 1, 1)
    seed: int = 1
    faults: float = 0.0

    def size(self) -> tuple[int, int]:
        """Listeners and events: each follows from the other."""
        if self.events is not None:
            return max(1, round(self.events / (EVENTS_A_DAY * self.days))), self.events
        listeners = 3000 if self.listeners is None else self.listeners
        return listeners, max(1, round(listeners * EVENTS_A_DAY * self.days))


@dataclass(frozen=True)
class Written:
    """What was written."""

    listeners: int
    events: int
    songs: int
    files: int
    bytes: int


def simulate(target: Path, options: Options, step: Callable[[str], object] = str) -> Written:
    """Write song_data/ and log_data/ below `target`; with faults also truth.json, and late files beside it.

    The same options write the same bytes. Everything appears at once, when it is whole. Raises ConfigError
    if something is there already, or the disk refuses; nothing of it is left then.
    """
    if not target.name:
        raise ConfigError(f"'{target}' is no name for a new folder. Name one, such as music.")
    end = options.start.toordinal() + options.days - 1
    if options.start < YEARS[0] or end > YEARS[1].toordinal():
        raise ConfigError(
            f"--start {options.start} and --days {options.days} leave the years in which an event can lie, "
            f"{YEARS[0].year} to {YEARS[1].year}."
        )
    later = target.with_name(f"{target.name}.later")
    for path in (target, later) if options.faults else (target,):
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise ConfigError(f"{path} is there already and not empty. Name another folder, or remove it.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with Scratch(target.parent) as scratch:
            partial, partial_later = scratch / "now", scratch / "later"
            partial.mkdir()
            written = _Service(options, step).write(partial, partial_later)
            partial.replace(target)
            if options.faults:
                partial_later.replace(later)
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error.strerror or error}.") from error
    return written


class _Service:
    def __init__(self, options: Options, step: Callable[[str], object]) -> None:
        self._options, self._step = options, step
        # A generator for each matter: more songs must not change who listens.
        songs, people, self._random, self._faults = (
            np.random.default_rng([options.seed, n]) for n in range(4)
        )
        self._count, self._events_wanted = options.size()
        step("inventing songs and listeners")
        self._listed, unlisted = make_catalogue(options.songs, songs)
        every = self._listed + unlisted
        # Any song may be a hit, whether it is listed or not.
        self._heard = [every[i] for i in self._random.permutation(len(every)).tolist()]
        self._durations = np.array([int(song.duration) for song in self._heard])
        self._listeners = make_listeners(self._count, options.start, options.days, people)
        step("inviting listeners")
        self._sessions = draw_sessions(
            self._events_wanted,
            self._listeners,
            float(popularity(len(self._heard)) @ self._durations),
            options.days,
            options.start.weekday(),
            self._random,
        )
        midnight = int(dt.datetime.combine(options.start, dt.time(), dt.UTC).timestamp())
        self._renderer = Renderer(self._sessions, self._listeners, self._heard, midnight)
        self._folders: set[Path] = set()
        self._files = self._bytes = 0

    def write(self, target: Path, later: Path) -> Written:
        self._step("writing")
        (target / "song_data").mkdir()
        if self._options.faults:
            self._write_faulty(target, later)
        else:
            for song in self._listed:
                self._put(target, song.path, [song.text().encode()])
            for day, parts in groupby(self._parts(), itemgetter(0)):
                self._put(
                    target,
                    self._log_path(day),
                    chain.from_iterable(self._renderer.lines(events) for _, events in parts),
                )
        return Written(self._count, self._events_wanted, len(self._listed), self._files, self._bytes)

    def _parts(self) -> Iterator[tuple[int, Events]]:
        """All events, in parts that lie within a day, and that day."""
        for block in listen(self._sessions, self._listeners.paid, self._durations, self._random):
            days = block.second // 86400
            edges = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), len(block)]
            for first, last in pairwise(edges):
                if first < last:
                    yield int(days[first]), block[first:last]

    def _log_path(self, day: int) -> str:
        date = self._options.start + dt.timedelta(days=day)
        return f"log_data/{date:%Y/%m}/{date}-events.json"

    def _write_faulty(self, target: Path, later: Path) -> None:
        rate, rng = self._options.faults, self._faults
        songs = spoil_songs(self._listed, rate, rng)
        is_late = rng.random(len(self._listed)) < LATE_SONGS
        soon = self._load("", target, [file for file in songs if not is_late[file.song]])
        late = self._load("late", later / "late", [file for file in songs if is_late[file.song]])
        planted: list[dict[str, Any]] = []
        # The last log grows; if there are more, one of them comes late and another is rewritten.
        began = np.unique(self._sessions.begin // 86400).tolist()
        missing = began[len(began) // 2] if len(began) > 2 else None
        rewritten = ""
        days = self._days()
        following = next(days, None)
        while following:
            (day, events), following = following, next(days, None)
            path = self._log_path(day)
            lines = spoil_log(b"\n".join(self._renderer.lines(events)).decode().split("\n"), rate, rng)
            loaded = np.array([line.fate == "loaded" for line in lines])
            of = np.array([line.event for line in lines])
            planted += [
                {"file": path, "line": number, "fault": line.fault}
                for number, line in enumerate(lines, 1)
                if line.fault
            ]
            half = len(lines) if following else max(1, len(lines) * 3 // 5)
            if day != missing:
                self._put(target, path, [_text(lines[:half])])
                soon.add_log(path, lines[:half])
                soon.star.add(events[of[:half][loaded[:half]]])
            if day == missing or not following:
                self._put(later / "late", path, [_text(lines)])
                late.add_log(path, lines, 0 if following else half)
            late.star.add(events[of[loaded]])
            if following and not rewritten:
                rewritten = path
                gone = next((line.event for line in lines if line.fate == "loaded"), 0)
                kept = [line for line in lines if line.event != gone]
                self._put(later / "rewritten", path, [_text(kept)])
        empty = self._log_path(self._options.days)
        self._put(target, empty, [])
        soon.add_log(empty, [])
        truth = {
            "options": {**vars(self._options), "start": str(self._options.start)},
            "runs": [soon.truth(self._known(soon.songs)), late.truth(self._known(songs))],
            "rewritten": rewritten or None,
            "planted": planted
            + [{"file": file.path, "line": 1, "fault": file.fault} for file in songs if file.fault],
        }
        self._put(target, "truth.json", [json.dumps(truth, ensure_ascii=False, indent=1).encode()])

    def _days(self) -> Iterator[tuple[int, Events]]:
        for day, parts in groupby(self._parts(), itemgetter(0)):
            yield day, join([events for _, events in parts])

    def _load(self, source: str, root: Path, songs: list[SongFile]) -> "_Load":
        for file in songs:
            self._put(root, file.path, [file.text.encode()])
        return _Load(source, songs, Star(self._sessions, self._count, self._heard), {}, Counter())

    def _known(self, files: Iterable[SongFile]) -> list[Song]:
        """The songs that these files bring."""
        return [self._listed[file.song] for file in files if file.fate in GOOD]

    def _put(self, root: Path, path: str, parts: Iterable[bytes]) -> None:
        """Write the file `path` below `root`: these parts, with a newline between them."""
        folder = root / path.rpartition("/")[0]
        if folder not in self._folders:
            folder.mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        with (root / path).open("wb") as file:
            for number, part in enumerate(parts):
                self._bytes += file.write(b"\n" if number else b"") + file.write(part)
        self._files += 1


@dataclass(frozen=True)
class _Load:
    """One load: what it brings, and the star as it is after it."""

    source: str
    songs: list[SongFile]
    star: Star
    files: dict[str, dict[str, Any]]
    """What each log must count."""
    faults: Counter[str]
    """How many of each kind are in the logs."""

    def add_log(self, path: str, lines: list[Line], skip: int = 0) -> None:
        """Count the lines of a log; the first `skip` came before."""
        self.files[path] = tally_log(lines, skip)
        self.faults.update(line.fault for line in lines[skip:] if line.fault)

    def truth(self, songs: list[Song]) -> dict[str, Any]:
        """As it stands in truth.json; `songs` are all that are known by then."""
        files = self.files | {file.path: tally_song(file) for file in self.songs}
        of_songs = Counter(file.fault for file in self.songs)
        return {
            "source": self.source,
            "records": total(files),
            "values": total_values(files, self.faults[MISFIT] + of_songs[MISFIT]),
            "unknown_keys": count_unknown(self.faults[UNKNOWN], of_songs[UNKNOWN]),
            **self.star.count(songs),
            "files": files,
        }


def _text(lines: list[Line]) -> bytes:
    return "\n".join(line.text for line in lines).encode()
