"""What real feeds do to records, done to ours at places that are written down."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sparkify.simulate.catalogue import Song

Disposition = Literal["loaded", "duplicate", "conflict", "rejected", "blank"]
UNKNOWN_KEYS = "deviceId", "release"
"""Keys that no column takes, one of a log and one of a song."""
UNKNOWN, MISFIT = "an unknown key", "a value that does not fit"
"""Faults that cost no record: the value is kept in `extra`."""


@dataclass(frozen=True)
class Line:
    """One line of a log, and what must become of it."""

    text: str
    event: int
    """Index of the event it tells of, among its day's; -1 for none."""
    fate: Disposition = "loaded"
    fault: str = ""

    @property
    def values(self) -> int:
        """How many of its values are not null; of an event only the listener's number may be empty."""
        text = self.text
        return text.count('":') - text.count('":null') - text.count('":""')


@dataclass(frozen=True)
class SongFile:
    """One metadata file, and what must become of it."""

    path: str
    text: str
    song: int
    """Index of the song it lies beside or tells of."""
    fate: Disposition = "loaded"
    fault: str = ""

    @property
    def values(self) -> int:
        """How many of its values are not null."""
        return sum(value is not None for value in json.loads(self.text).values())


def spoil_log(lines: Sequence[str], rate: float, rng: np.random.Generator) -> list[Line]:
    """Plant a fault into so many of a day's lines, one for each of its events."""
    spoiled: list[Line] = []
    struck = (rng.random(len(lines)) < rate).tolist()
    kinds = rng.integers(0, 8, len(lines)).tolist()
    for at, text in enumerate(lines):
        good = Line(text, at)
        if not struck[at]:
            spoiled.append(good)
        elif (twice := encode_twice(text)) != text:
            spoiled.append(Line(twice, at, "loaded", "doubly encoded text"))
        elif kinds[at] in _BREAKS:
            name, spoil = _BREAKS[kinds[at]]
            spoiled.append(Line(spoil(text), at, "rejected", name))
        elif kinds[at] in _KEPT:
            name, spoil = _KEPT[kinds[at]]
            spoiled.append(Line(spoil(text), at, "loaded", name))
        elif kinds[at] == 5:
            spoiled += [Line("", -1, "blank", "blank line"), good]
        elif kinds[at] == 6 and '"userId":""' not in text:  # of nobody's events, each moment is one
            spoiled += [good, Line(_later(text), at, "conflict", "the same event at another time")]
        else:
            spoiled += [good, Line(text, at, "duplicate", "the same record again")]
    return spoiled


def spoil_songs(songs: Sequence[Song], rate: float, rng: np.random.Generator) -> list[SongFile]:
    """The metadata files of these songs; so many of them with a fault."""
    files: list[SongFile] = []
    struck = (rng.random(len(songs)) < rate).tolist()
    kinds = rng.integers(0, 8, len(songs)).tolist()
    for at, song in enumerate(songs):
        text, good = song.text(), SongFile(song.path, song.text(), at)
        # The neighbour's name with another last letter: a file of its own beside the true one.
        beside = f"{song.path.removesuffix('.json')}X.json"
        match kinds[at] if struck[at] else None:
            case None:
                files.append(good)
            case 0:
                files.append(SongFile(song.path, text[: len(text) // 2], at, "rejected", "cut off"))
            case 1:
                wrong = re.sub(r'"duration": [^,]+', '"duration": "long"', text)
                files.append(SongFile(song.path, wrong, at, "loaded", MISFIT))
            case 2:
                lacking = re.sub(r'"title": "(?:[^"\\]|\\.)*", ', "", text)
                files.append(SongFile(song.path, lacking, at, "rejected", "no title"))
            case 3:
                files += [good, SongFile(beside, text, at, "duplicate", "the same song again")]
            case 4:
                pretty = json.dumps(song.record(), indent=2)
                files.append(SongFile(song.path, pretty, at, "loaded", "one record over several lines"))
            case 5:
                more = json.dumps(song.record() | {UNKNOWN_KEYS[1]: song.title})
                files.append(SongFile(song.path, more, at, "loaded", UNKNOWN))
            case 6:
                other = json.dumps(song.record() | {"year": song.year - 1 if song.year else 2018})
                files += [good, SongFile(beside, other, at, "conflict", "the same song with another year")]
            case _:
                files += [good, SongFile(beside, "", at, "blank", "an empty file")]
    return files


def encode_twice(text: str) -> str:
    """The line with artist and song encoded as UTF-8 twice too often, as the real logs have them."""

    def garble(found: re.Match[str]) -> str:
        once = found[0].encode().decode("latin-1")
        return once.encode().decode("latin-1")

    return re.sub(r'"(?:artist|song)":"(?:[^"\\]|\\.)*"', garble, text)


_BREAKS: dict[int, tuple[str, Callable[[str], str]]] = {
    0: ("cut off", lambda text: text[: len(text) * 2 // 3]),
    1: ("a time that is no number", lambda text: re.sub(r'"ts":\d+', '"ts":"yesterday"', text)),
    2: ("no page", lambda text: re.sub(r'"page":"[^"]*",', "", text)),
}
_KEPT: dict[int, tuple[str, Callable[[str], str]]] = {
    3: (UNKNOWN, lambda text: f'{text[:-1]},"{UNKNOWN_KEYS[0]}":"tv-{len(text)}"}}'),
    4: (MISFIT, lambda text: re.sub(r'"status":(\d+)', r'"status":"\1 OK"', text)),
}


def _later(text: str) -> str:
    """The event as a client sends it that did not hear of the first delivery: a millisecond later."""
    return re.sub(r'"ts":(\d+)', lambda found: f'"ts":{int(found[1]) + 1}', text)
