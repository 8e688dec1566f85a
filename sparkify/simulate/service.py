"""A month of a service, or any other time: made up, and written as its app would."""

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from sparkify.errors import ConfigError
from sparkify.simulate.catalogue import Song, make_catalogue
from sparkify.simulate.faults import Line, SongFile, spoil_log, spoil_songs
from sparkify.simulate.listeners import make_listeners
from sparkify.simulate.listening import Events, listen
from sparkify.simulate.rendering import Renderer
from sparkify.simulate.truth import count_star, tally_log, tally_song, total

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
    partial, partial_later = (path.with_name(f"{path.name}.partial") for path in (target, later))
    for path in (partial, partial_later):
        shutil.rmtree(path, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        written = _Service(options, step).write(partial, partial_later)
        partial.replace(target)
        if options.faults:
            partial_later.replace(later)
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        for path in (partial, partial_later):
            shutil.rmtree(path, ignore_errors=True)
    return written


class _Service:
    def __init__(self, options: Options, step: Callable[[str], object]) -> None:
        self._options, self._step = options, step
        # A generator for each matter: more songs must not change who listens.
        songs, people, events, self._faults = (np.random.default_rng([options.seed, n]) for n in range(4))
        self._listeners, self._events_wanted = options.size()
        step("inventing songs and listeners")
        self._listed, unlisted = make_catalogue(options.songs, songs)
        self._songs: list[Song] = self._listed + unlisted
        # Any song may be a hit, whether it is listed or not.
        order = events.permutation(len(self._songs)).tolist()
        self._heard = [self._songs[i] for i in order]
        listeners = make_listeners(self._listeners, options.start, options.days, people)
        step("listening")
        durations = np.array([int(song.duration) for song in self._heard])
        self._events: Events = listen(
            self._events_wanted, listeners, durations, options.days, options.start.weekday(), events
        )
        midnight = int(dt.datetime.combine(options.start, dt.time(), dt.UTC).timestamp())
        self._renderer = Renderer(self._events, listeners, self._heard, midnight)
        self._files = self._bytes = 0

    def write(self, target: Path, later: Path) -> Written:
        self._step("writing")
        (target / "song_data").mkdir()
        if self._options.faults:
            self._write_faulty(target, later)
        else:
            for song in self._listed:
                self._put(target / song.path, song.text())
            for path, first, last in self._days():
                self._put(target / path, "\n".join(self._renderer.lines(first, last)))
        return Written(self._listeners, self._events_wanted, len(self._listed), self._files, self._bytes)

    def _days(self) -> Iterator[tuple[str, int, int]]:
        """The path of each day's log, and its events from the first to the one after the last."""
        days = np.arange(self._options.days + 1) * 86400
        edges = np.searchsorted(self._events.second, days).tolist()
        for day, (first, last) in enumerate(pairwise(edges)):
            if first < last:
                yield self._log_path(day), first, last

    def _log_path(self, day: int) -> str:
        date = self._options.start + dt.timedelta(days=day)
        return f"log_data/{date:%Y/%m}/{date}-events.json"

    def _write_faulty(self, target: Path, later: Path) -> None:
        rate, rng = self._options.faults, self._faults
        songs = spoil_songs(self._listed, rate, rng)
        is_late = rng.random(len(self._listed)) < LATE_SONGS
        soon = [file for file in songs if not is_late[file.song]]
        late = [file for file in songs if is_late[file.song]]
        logs = {
            path: spoil_log(self._renderer.lines(first, last), first, rate, rng)
            for path, first, last in self._days()
        }
        logs[self._log_path(self._options.days)] = []
        paths = [path for path in logs if logs[path]]
        # The last log grows; if there are more, one of them comes late and another is rewritten.
        growing, missing = paths[-1], paths[len(paths) // 2] if len(paths) > 2 else None
        rewritten = paths[0] if len(paths) > 1 else None
        half = max(1, len(logs[growing]) * 3 // 5)
        first_logs = {path: lines for path, lines in logs.items() if path != missing}
        first_logs[growing] = logs[growing][:half]
        late_logs = {path: logs[path] for path in (missing, growing) if path}

        for root, files in ((target, soon), (later / "late", late)):
            for file in files:
                self._put(root / file.path, file.text)
        for root, day_logs in ((target, first_logs), (later / "late", late_logs)):
            for path, lines in day_logs.items():
                self._put(root / path, _text(lines))
        if rewritten:
            gone = next(line.event for line in logs[rewritten] if line.fate == "loaded")
            kept = [line for line in logs[rewritten] if line.event != gone]
            self._put(later / "rewritten" / rewritten, _text(kept))
        truth = {
            "options": {**vars(self._options), "start": str(self._options.start)},
            "runs": [
                self._run("", soon, first_logs, soon, first_logs, {}),
                self._run("late", late, late_logs, songs, logs, {growing: half}),
            ],
            "rewritten": rewritten,
            "planted": [
                {"file": path, "line": number, "fault": line.fault}
                for path, lines in logs.items()
                for number, line in enumerate(lines, 1)
                if line.fault
            ]
            + [{"file": file.path, "line": 1, "fault": file.fault} for file in songs if file.fault],
        }  # fmt: skip
        self._put(target / "truth.json", json.dumps(truth, ensure_ascii=False, indent=1))

    def _run(
        self,
        source: str,
        songs: list[SongFile],
        logs: Mapping[str, list[Line]],
        all_songs: list[SongFile],
        all_logs: Mapping[str, list[Line]],
        skip: Mapping[str, int],
    ) -> dict[str, Any]:
        """One load of `songs` and `logs`; `all_songs` and `all_logs` are there once it is done."""
        files = {path: tally_log(lines, skip.get(path, 0)) for path, lines in logs.items()}
        files |= {file.path: tally_song(file) for file in songs}
        loaded_events = (line.event for lines in all_logs.values() for line in lines if line.fate == "loaded")
        loaded_songs = (file.song for file in all_songs if file.fate in ("loaded", "duplicate"))
        # Song files count in the order of the catalogue, plays in the order of hits.
        listed = {song.song_id: at for at, song in enumerate(self._heard)}
        indices = [listed[self._listed[song].song_id] for song in loaded_songs]
        return {
            "source": source,
            "records": total(files),
            **count_star(self._events, self._heard, loaded_events, indices),
            "files": files,
        }

    def _put(self, path: Path, text: str) -> None:
        data = text.encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self._files += 1
        self._bytes += len(data)


def _text(lines: list[Line]) -> str:
    return "\n".join(line.text for line in lines)
