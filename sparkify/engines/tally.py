"""What a file's bytes show: its lines, and what follows each key, so that a fast reader can be held to it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import IntEnum
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

FIRST = 64 << 10
LONGEST_RECORD = 4 << 20
"""Redshift takes no JSON object above 4 MB; nor do we, so that both engines judge alike."""
BOM = b"\xef\xbb\xbf"
BLANKS = b" \t\r\n\v\f"
"""What may stand around a record: JSON's blanks, and two more that DuckDB passes over."""
BUFFER = (16 << 20) - 4
"""Bytes that DuckDB 2.0 reads at once; it loses a last line without a newline that lies in two such parts."""
NEAR = 64
"""Bytes by which a buffer might end earlier or later than we believe; and no column's key is longer."""
FEW = 3
"""So many bad lines are still judged one by one; if most are bad, the file is."""
MOST_KEYS = 200
"""Keys of empty texts that are told apart."""
BEYOND = 4
"""Bytes after the end of a key that say what follows it."""
_NULL = b"\\u0000"
"""The character that JSON has and a database's text has not."""
_BLANK_AFTER_KEY = re.compile(rb'"[ \t\r\n]+:')
_KEY_END, _ESCAPE = (int.from_bytes(two, "little") for two in (b'":', b"\\u"))
_BLANK_COLON = ord(":") << 8


class Tally(NamedTuple):
    """What follows the keys of a file, counted on its bytes: an unescaped `":` ends a key."""

    keys: int = 0
    nulls: int = 0
    empty: Mapping[bytes, int] = MappingProxyType({})
    """Empty texts, by their key as it is written; the key is empty where it is longer than any column's."""


class ByteCounter:
    """Counts lines over chunks, and remembers the first and the last bytes."""

    def __init__(self, start: int) -> None:
        self.first = b""
        self.tail = self.at = start
        self.newlines = 0
        self.last = b"\n"
        self.has_huge_line = False
        self.is_odd = False
        self._keys = self._nulls = 0
        self._empty: Counter[bytes] = Counter()
        self._is_spaced = False
        self._held = self._before = b""

    def add(self, chunk: bytes) -> None:
        is_first = not self.first
        if len(self.first) < FIRST:
            self.first += chunk[: FIRST - len(self.first)]
        if is_first:
            self._is_spaced = b'": ' in self.first_line
        newlines, has_escapes = _count(chunk)
        border = self.last + chunk[:NEAR]
        self.is_odd = (
            self.is_odd
            or (has_escapes and _NULL in chunk)
            or _NULL in border
            or _BLANK_AFTER_KEY.search(border) is not None
            or (len(self.last) == NEAR and not self.last.strip(BLANKS))  # a key may end before these blanks
        )
        self._add_keys(self._held + chunk)
        ends = chunk.index(b"\n") if newlines else len(chunk)
        self.has_huge_line = self.has_huge_line or self.at + ends - self.tail > LONGEST_RECORD
        if newlines:
            self.newlines += newlines
            self.tail = self.at + chunk.rindex(b"\n") + 1
        self.at += len(chunk)
        self.last = chunk[-NEAR:] if len(chunk) >= NEAR else (self.last + chunk)[-NEAR:]

    def finish(self) -> None:
        """Count what waits: nothing comes after it."""
        self._add_keys(self._held + b"\n" * BEYOND)
        self._held = b""

    @property
    def tally(self) -> Tally:
        return Tally(self._keys, self._nulls, self._empty)

    @property
    def lines(self) -> int:
        return self.newlines + (not self.last.endswith(b"\n"))

    @property
    def first_line(self) -> bytes:
        return self.first.removeprefix(BOM).lstrip(BLANKS).partition(b"\n")[0]

    @property
    def plain(self) -> bool:
        """No byte order mark at the start, line too long, null character, list, object or NaN; every key ends
        in `":`; and the last line is where a JSON reader finds it."""
        return not (self.has_huge_line or self.is_odd or self.first.startswith(BOM) or self._is_split)

    def _add_keys(self, text: bytes) -> None:
        """Count what follows the keys; the last bytes wait for what comes after them."""
        self._held = text[-BEYOND:]
        found = _count_keys(text, self._is_spaced)
        self.is_odd = self.is_odd or found is None
        if found is not None:
            self._keys += found.keys
            self._nulls += found.nulls
            for end in found.empty:
                key = _key_that_ends_at(end, text, self._before)
                self._empty[key if key in self._empty or len(self._empty) < MOST_KEYS else b""] += 1
        self._before = (self._before + text[:-BEYOND])[-NEAR:]

    @property
    def _is_split(self) -> bool:
        """Whether a buffer may end within a last line that has no newline."""
        return not self.last.endswith(b"\n") and (self.tail - NEAR) // BUFFER != (self.at + NEAR) // BUFFER

    def problem(self) -> str | None:
        """Why no line of this file can be a record, if that is so."""
        if self.first.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\0" in self.first:
            return "not UTF-8 (it starts as UTF-16 does)"
        lines = self.first.split(b"\n")
        bad = sum(map(_is_no_text, lines[:-1] if len(self.first) == FIRST else lines))
        if bad >= FEW and bad * 2 > len(lines):
            return "not UTF-8"
        start, end = self.first.removeprefix(BOM).lstrip(BLANKS), self.last.rstrip(BLANKS)
        spread = not self.first_line.rstrip(BLANKS).endswith(b"]")
        if start.startswith(b"[") and end.endswith(b"]") and (spread or self.newlines == 0):
            return "a JSON array: one object a line is expected"
        return None


def _count(chunk: bytes) -> tuple[int, bool]:
    """Its newlines, and whether any character in it is written as `\\u` and digits; other threads go on."""
    import numpy as np

    newlines = np.count_nonzero(np.frombuffer(chunk, np.uint8) == ord("\n"))
    return int(newlines), any(bool((each == _ESCAPE).any()) for each in _pairs(chunk))


def _pairs(text: bytes) -> "Sequence[Any]":
    """Its bytes two by two, from even places and from odd ones: two bytes are one comparison."""
    import numpy as np

    return [
        np.frombuffer(text, "<u2", (len(text) - shift) // 2, shift) for shift in (0, 1) if len(text) > shift
    ]


class _KeysFound(NamedTuple):
    keys: int
    nulls: int
    empty: Sequence[int]
    """Where the keys of empty texts end."""


def _key_that_ends_at(end: int, text: bytes, before: bytes) -> bytes:
    """The key whose closing quote is there; nothing for one that is long, or has a quote in it."""
    start = text.rfind(b'"', max(0, end - NEAR), end)
    if start < 1:
        text, end = before + text, len(before) + end
        start = text.rfind(b'"', max(0, end - NEAR), end)
    return b"" if start < 0 or text[start - 1 : start] == b"\\" else text[start + 1 : end]


def _count_keys(text: bytes, is_spaced: bool) -> _KeysFound | None:
    """What follows each `":` in a text, but for its last bytes; None where it is anything but plain values.

    Plain are text, numbers, null, true and false, after one blank each if `is_spaced`, else after none.
    """
    import numpy as np

    if len(text) <= BEYOND:
        return _KeysFound(0, 0, ())
    pairs = _pairs(text)
    if any(bool(((each - _BLANK_COLON) <= 0x20).any()) for each in pairs) and _BLANK_AFTER_KEY.search(text):
        return None
    counts = np.zeros(len(_Follows), np.int64)
    empty: list[int] = []
    for at, (own, other) in enumerate((pairs, pairs[::-1])):
        ends = own[: (len(text) - BEYOND - at + 1) // 2] == _KEY_END
        after = own[1 : 1 + ends.size].compress(ends)
        if is_spaced:  # what follows the blank begins at another parity
            if bool(((after & 0xFF) != ord(" ")).any()):
                return None
            after = other[1 + at : 1 + at + ends.size].compress(ends)
        classes = _classes().take(after)
        found = np.bincount(classes, minlength=len(_Follows))
        if found[_Follows.EMPTY]:
            empty += (2 * np.flatnonzero(ends)[classes == _Follows.EMPTY] + at).tolist()
        counts += found
    odd, nulls = counts[_Follows.ODD], counts[_Follows.NULL]
    return None if odd else _KeysFound(int(counts.sum()), int(nulls), empty)


class _Follows(IntEnum):
    """What the first two bytes after a key say of its value."""

    ODD = 0
    TEXT = 1
    EMPTY = 2
    NULL = 3
    NUMBER_OR_TRUTH = 4


@cache
def _classes() -> Any:
    """What each pair of bytes says of a value that begins with it."""
    import numpy as np

    found = np.zeros(1 << 16, np.uint8)
    for second in range(256):
        high = second << 8
        found[high | ord('"')] = _Follows.TEXT
        for digit in b"0123456789":
            found[high | digit] = _Follows.NUMBER_OR_TRUTH
    for digit in b"0123456789":
        found[digit << 8 | ord("-")] = _Follows.NUMBER_OR_TRUTH
    for two, what in (
        (b'""', _Follows.EMPTY),
        (b"nu", _Follows.NULL),
        (b"tr", _Follows.NUMBER_OR_TRUTH),
        (b"fa", _Follows.NUMBER_OR_TRUTH),
    ):
        found[int.from_bytes(two, "little")] = what
    return found


def _is_no_text(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return b"\0" in line
