"""Regular records are recognised by their layout as they are without one, and in linear time."""

import json
import random

import pytest

from sparkify.engines.record import default_paths, record_reader
from sparkify.source.file import Dataset
from tests.builders import play, song

TEXTS = [
    "",
    "x",
    "Björk",
    "a\nb",
    'a "quote"',
    "\\",
    "\\\\",
    "null",
    '":',
    "{",
    "\u0000",
    "\U0001f600",
    "0",
    " x ",
]
NUMBERS = [0, -1, 7, 1.5, 7.0, 1e300, "", "12", "1.0", None, True]
BREAKS = ["", " ", ",", '"', "\\", "}", "\\u0000", '\\"', "e5", "NaN", "-"]


def records(dataset: Dataset, count: int) -> list[bytes]:
    """Good records, whose values, spacing and order of keys vary; each second is damaged at one place."""
    chance = random.Random(7)
    lines = []
    for number in range(count):
        record = play(number) if dataset == "events" else song(number)
        for key in chance.sample(sorted(record), 2):
            record[key] = chance.choice(TEXTS + NUMBERS)
        if chance.random() < 0.1:
            record = dict(chance.sample(sorted(record.items()), len(record)))
        separators = chance.choice([(",", ":"), (", ", ": "), (", ", ":")])
        text = json.dumps(record, ensure_ascii=chance.random() < 0.5, separators=separators)
        if number % 2:
            at = chance.randrange(len(text))
            text = text[:at] + chance.choice(BREAKS) + text[at + chance.randrange(2) :]
        lines.append(text.encode())
    return lines


@pytest.mark.parametrize("dataset", ["events", "songs"])
def test_a_record_is_read_the_same_whatever_was_read_before(dataset: Dataset) -> None:
    paths = default_paths(dataset)
    one = record_reader(dataset, paths)
    for line in records(dataset, 4_000):
        assert one.read(line) == record_reader(dataset, paths).read(line), line


@pytest.mark.parametrize("ending", [b'\\"', b"\\u0000", b"\x00\\ud83d", b'","x":"'])
def test_a_long_text_is_looked_at_once(ending: bytes) -> None:
    """A pattern that tries each way of dividing a text would not end here."""
    reader = record_reader("events", default_paths("events"))
    good = json.dumps(play(1, artist="ARTIST"), separators=(",", ":")).encode()
    assert not reader.read(good).is_rewritten
    for text in (b"x" * 30_000, rb"x\n" * 15_000):
        assert reader.read(good.replace(b"ARTIST", text + ending)).line
