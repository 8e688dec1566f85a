"""How often each key of a file is one that no column takes, or is absent though a column wants it."""

import json

from sparkify.engines.base import KeyCount, KeyCounts
from sparkify.engines.record import Record


class KeyTally:
    """In how many records of one file each unknown key stands, and each absent one does not."""

    def __init__(self) -> None:
        self.no_objects = 0
        """Lines that are no JSON object: of them nobody knows which keys they had."""
        self._unknown: dict[str, list[int]] = {}
        self._absent: dict[str, list[int]] = {}

    def add(self, line: int, record: Record) -> None:
        self.no_objects += not record.is_object
        for names, counts in ((record.unknown, self._unknown), (record.absent, self._absent)):
            for name in names:
                known = counts.get(name)
                if known is None:
                    known = counts.setdefault(name if len(counts) < MOST_KEYS else OTHER_KEYS, [0, line])
                known[0] += 1

    @property
    def unknown(self) -> KeyCounts:
        return {_printable(name): KeyCount(*counts) for name, counts in self._unknown.items()}

    @property
    def absent(self) -> KeyCounts:
        return {name: KeyCount(*counts) for name, counts in self._absent.items()}


MOST_KEYS = 200
"""Unknown keys of one file that are told apart."""
OTHER_KEYS = "(other keys)"
LONGEST_KEY, CUT = 500, "..."
"""Bytes of a name that are kept, and what follows them."""


def _printable(name: str) -> str:
    """A key as a database can hold it and a terminal can show it, and not too long."""
    shown = name if name.isprintable() else json.dumps(name)[1:-1]
    whole = shown.encode()
    return shown if len(whole) <= LONGEST_KEY else whole[:LONGEST_KEY].decode(errors="ignore") + CUT
