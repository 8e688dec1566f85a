"""Records that a fast reader takes as they are: each column's key once, no other key, plain values only."""

import re
from collections.abc import Collection, Mapping, Sequence

_KEY = re.compile(rb'"([^"\\]*)":')
_ODD = rb'":(?! ?(?:["\d]|-\d|null\b|true\b|false\b))|\\u0000|\\u[dD][89a-fA-F]'
"""What a record holds that must be looked at value by value."""


class RegularRecords:
    """Recognises the regular records of one dataset. Most of them have their keys in one order, a layout."""

    def __init__(
        self,
        keys: Mapping[str, str],
        numbers: Collection[str],
        integers: Collection[str],
        moment: str | None,
    ) -> None:
        """`keys` are the columns' keys, `numbers` the columns that are not text."""
        self._columns = {key.encode(): column for column, key in keys.items()}
        self._numbers, self._integers, self._moment = numbers, integers, moment
        self._marks = [b'"%s":' % key for key in self._columns]
        self._order: list[bytes] = []
        self._layout: re.Pattern[bytes] | None = None
        """What a record matches that has the keys of the last regular one in its order."""
        texts = self._any_of([name for name in keys if name not in numbers])
        whole = self._any_of(integers)
        self._odd = re.compile(
            _ODD + rb'|"(?:%s)": ?[-\d]' % texts + (rb'|"(?:%s)": ?-?\d+[.eE]' % whole if whole else b"")
        )
        self._empty = re.compile(rb'"(?:%s)": ?""' % self._any_of(numbers))
        own = self._any_of([moment]) if moment else b""
        self._whole_moment = re.compile(rb'"%s": ?"?-?\d+"?\s*[,}]' % own) if moment else None

    def matches(self, line: bytes) -> bool:
        """Whether each key stands in it once, and no other, all with plain values."""
        if self._layout and self._layout.match(line):
            return True
        is_regular = (
            line[-2:-1] not in b", \t"  # a comma before the last brace
            and line.count(b'":') == len(self._marks)
            and all(map(line.__contains__, self._marks))
            and not self._odd.search(line)
            and (self._whole_moment is None or self._whole_moment.search(line) is not None)
        )
        if is_regular and (keys := _KEY.findall(line)) != self._order:
            self._order, self._layout = keys, self._layout_of(keys)
        return is_regular

    def count_values(self, line: bytes) -> int:
        """How many values a regular record holds that are not null."""
        nulls = line.count(b'":null') + line.count(b'": null')
        empty = len(self._empty.findall(line)) if b'""' in line else 0
        return len(self._marks) - nulls - empty

    def _any_of(self, columns: Collection[str]) -> bytes:
        return b"|".join(re.escape(key) for key, column in self._columns.items() if column in columns)

    def _layout_of(self, keys: Sequence[bytes]) -> re.Pattern[bytes] | None:
        """What is regular, and has its keys in this order; no text with an escaped quote."""
        if sorted(keys) != sorted(self._columns):
            return None
        members = (rb' ?"%s": ?%s' % (re.escape(key), self._form_of(self._columns[key])) for key in keys)
        return re.compile(rb"\{%s\}\Z" % b",".join(members))

    def _form_of(self, column: str) -> bytes:
        """What a plain value of this column looks like; possessive, so that no text is tried in many ways."""
        if column not in self._numbers:
            return rb'(?:"[^"\\]*+(?:\\(?:[bfnrt/\\]|u(?!0000|[dD][89a-fA-F]))[^"\\]*+)*+"|null)'
        if column == self._moment:
            return rb"-?\d+"
        return rb"(?:-?\d+|null)" if column in self._integers else rb"(?:-?\d+(?:\.\d+)?|null)"
