"""What a file's bytes show: its lines, and what follows each key, so that a fast reader can be held to it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

FIRST = 64 << 10
LONGEST_RECORD = 4 << 20
"""Redshift takes no JSON object above 4 MB; nor do we, so that both engines decide alike."""
BOM = b"\xef\xbb\xbf"
BLANKS = b" \t\r\n\v\f"
"""What may stand around a record: JSON's blanks, and two more that DuckDB passes over."""
BUFFER = (16 << 20) - 4
"""Bytes that DuckDB 2.0 reads at once; it loses a last line without a newline that lies in two such parts."""
NEAR = 64
"""Bytes by which a buffer might end earlier or later than we believe; and no column's key is longer."""
FEW = 3
"""So many bad lines are still looked at one by one; if most are bad, the file is."""
MOST_KEYS = 200
"""Keys of empty texts that are told apart."""
BEYOND = 4
"""Bytes after the end of a key that say what follows it."""
BEFORE = 8
"""Bytes before the end of a key that tell it from others."""
_NULL = b"\\u0000"
"""The character that JSON has and a database's text has not."""
_BLANK_AFTER_KEY = re.compile(rb'"[ \t\r\n]+:')
_ESCAPE_IN_KEY = re.compile(rb'\\u[0-9a-fA-F]{4}[^"\\\n]*":')


class Tally(NamedTuple):
    """What follows the keys of a file, counted on its bytes: an unescaped `":` ends a key."""

    keys: int = 0
    nulls: int = 0
    empty: Mapping[bytes, int] = MappingProxyType({})
    """Empty texts, by their key as it is written; the key is empty where it is longer than any column's."""
    written: frozenset[str] = frozenset()
    """Those of the `NumberKeys` that a text, true or false may follow; no other is followed by one."""


class NumberKeys:
    """Keys that numbers should follow, known by two bytes of each: its last one, and one before.

    Another key that has the same two is taken for it: that makes a file slower to read, and nothing else.
    """

    def __init__(self, keys: Iterable[str], others: Iterable[str]) -> None:
        self._keys = list(keys)
        encoded = [key.encode() for key in self._keys]
        found = [key.encode() for key in others]
        self.back = min(range(2, BEFORE + 1), key=lambda back: _mistaken(encoded, found, back))
        """Where the other byte stands, counted from the end of the key."""
        self.table = bytearray(1 << 16)
        """For each pair of these bytes (the last one is the lower), a bit for each key that it may be."""
        for number, key in enumerate(encoded):
            for code in _codes(key, self.back):
                self.table[code] |= 1 << min(number, 7)

    def named(self, bits: int) -> frozenset[str]:
        return frozenset(key for number, key in enumerate(self._keys) if bits >> min(number, 7) & 1)


def _codes(key: bytes, back: int, before: Iterable[int] = range(256)) -> Sequence[int]:
    """The pairs of bytes by which this key may be known; `before` may stand before its first quote."""
    quoted = b'"' + key
    others = [quoted[-back]] if len(quoted) >= back else before
    return [other << 8 | quoted[-1] for other in others]


def _mistaken(keys: Sequence[bytes], others: Sequence[bytes], back: int) -> int:
    """How many of the others will be taken for one of these keys."""
    known = {code for key in keys for code in _codes(key, back)}
    return sum(not known.isdisjoint(_codes(other, back, b",{ ")) for other in others)


class ByteCounter:
    """Counts lines over chunks, and remembers the first and the last bytes."""

    def __init__(self, start: int, number_keys: NumberKeys | None = None) -> None:
        self.first = b""
        self.tail = self.at = start
        self.newlines = 0
        self.last = b"\n"
        self.has_huge_line = False
        self.is_odd = False
        self._keys = self._nulls = self._written = 0
        self._number_keys = number_keys
        self._counter = _KeyCounter(number_keys)
        self._empty: Counter[bytes] = Counter()
        self._is_spaced = False
        self._held, self._before = b" " * BEFORE, b""

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
        if _ESCAPE_IN_KEY.search(border) or (has_escapes and _ESCAPE_IN_KEY.search(chunk)):
            self._written = -1
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
        written = self._number_keys.named(self._written) if self._number_keys else frozenset()
        return Tally(self._keys, self._nulls, self._empty, written)

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
        """Count what follows the keys after the first bytes; the last ones wait for what comes after them."""
        self._held = text[-BEYOND - BEFORE :]
        found = self._counter.count(text, self._is_spaced)
        self.is_odd = self.is_odd or found is None
        if found is not None:
            self._keys += found.keys
            self._nulls += found.nulls
            self._written |= found.written
            for end in found.empty:
                key = _key_that_ends_at(end, text, self._before)
                self._empty[key if key in self._empty or len(self._empty) < MOST_KEYS else b""] += 1
        self._before = (self._before + text[: -BEYOND - BEFORE])[-NEAR:]

    @property
    def _is_split(self) -> bool:
        """Whether a buffer may end within a last line that has no newline."""
        return not self.last.endswith(b"\n") and (self.tail - NEAR) // BUFFER != (self.at + NEAR) // BUFFER

    def suspicion(self) -> str | None:
        """Why it looks as if no line of this file were a record, if it does."""
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

    each = np.frombuffer(chunk, np.uint8)
    escapes = (each[:-1] == ord("\\")) & (each[1:] == ord("u"))
    return int(np.count_nonzero(each == ord("\n"))), bool(escapes.any())


class _KeysFound(NamedTuple):
    keys: int
    nulls: int
    empty: Sequence[int]
    """Where the keys of empty texts end."""
    written: int
    """The bits of the number keys that a text, true or false may follow."""


def _key_that_ends_at(end: int, text: bytes, before: bytes) -> bytes:
    """The key whose closing quote is there; nothing for one that is long, or has a quote in it."""
    start = text.rfind(b'"', max(0, end - NEAR), end)
    if start < 1:
        text, end = before + text, len(before) + end
        start = text.rfind(b'"', max(0, end - NEAR), end)
    return b"" if start < 0 or text[start - 1 : start] == b"\\" else text[start + 1 : end]


class _KeyCounter:
    """Counts what follows each `":`. Its mask, a byte for each byte of text, is made once: new memory for
    each chunk costs more than the comparison."""

    def __init__(self, number_keys: NumberKeys | None) -> None:
        self._mask: Any = None
        self._number_keys = number_keys

    def count(self, text: bytes, is_spaced: bool) -> _KeysFound | None:
        """What follows the keys of a text, but for its first and last bytes; None where a value is not plain.

        Plain are text, numbers, null, true and false, after one blank each if `is_spaced`.
        """
        import numpy as np

        size = len(text) - BEYOND
        if size <= BEFORE:
            return _KeysFound(0, 0, (), 0)
        if self._mask is None or self._mask.size < len(text):
            self._mask = np.empty(len(text), bool)
        each = np.frombuffer(text, np.uint8)
        colons = np.flatnonzero(np.equal(each, ord(":"), out=self._mask[: len(text)]))
        before = each[colons - 1]
        if (before <= ord(" ")).any() and _BLANK_AFTER_KEY.search(text):
            return None
        ends = colons[before == ord('"')] - 1
        ends = ends[slice(*np.searchsorted(ends, (BEFORE, size)))]
        if is_spaced and (each[ends + 2] != ord(" ")).any():
            return None
        at = 3 if is_spaced else 2
        first, second = each[ends + at], each[ends + at + 1]
        is_text, is_null = first == ord('"'), (first == ord("n")) & (second == ord("u"))
        texts, nulls = ends[is_text], np.count_nonzero(is_null)
        written = self._written(each, texts)
        if texts.size + nulls + np.count_nonzero(first - ord("0") <= 9) < ends.size:
            if not _are_plain(first, second):
                return None
            written = -1 if ((first == ord("t")) | (first == ord("f"))).any() else written
        empty = texts[second[is_text] == ord('"')]
        return _KeysFound(ends.size, int(nulls), empty.tolist(), written)

    def _written(self, each: Any, ends: Any) -> int:
        """The bits of the number keys that may end here."""
        import numpy as np

        if self._number_keys is None:
            return 0
        codes = each[ends - self._number_keys.back].astype(np.uint16)
        codes <<= 8
        codes |= each[ends - 1]
        return int(np.bitwise_or.reduce(np.frombuffer(self._number_keys.table, np.uint8)[codes], initial=0))


def _are_plain(first: Any, second: Any) -> bool:
    """Whether two bytes after each key begin a plain value."""
    plain = (first == ord('"')) | (first - ord("0") <= 9) | (first == ord("n")) & (second == ord("u"))
    plain |= (first == ord("-")) & (second - ord("0") <= 9)
    plain |= (first == ord("t")) & (second == ord("r")) | (first == ord("f")) & (second == ord("a"))
    return bool(plain.all())


def _is_no_text(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return b"\0" in line
