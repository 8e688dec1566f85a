"""One record of a JSON file, read so that no value is lost: a column, `extra`, or a reject for each.

A fast JSON reader takes the keys it was told of and drops the rest. This one is slow and drops nothing: keys
that no column takes, keys given twice, lists and objects in the place of text, NaN, null characters. Both
engines read with it whatever their own readers cannot be trusted with.

The rules, the same on every engine: of a key given twice, the last value that is not null counts, and the
others are set aside. NaN and Infinity are no values. An empty text in a column of numbers is no value. A
number that is whole is written so where a column takes integers: 7.00 and 7e0 are 7.
"""

import re
from collections.abc import Collection, Mapping
from decimal import localcontext
from typing import Any, NamedTuple

from sparkify.engines.base import STAGING_TABLE, Path, Paths
from sparkify.engines.extra import (
    DECODER,
    DEEPEST,
    NO_NUMBER,
    SET_ASIDE,
    TOO_FINE,
    TWICE,
    Number,
    Pairs,
    TooDeepError,
    decoded,
    dump,
    label,
    make_extra,
    too_long,
)
from sparkify.engines.moments import UNITS, read_moment
from sparkify.engines.regular import RegularRecords
from sparkify.formatting import is_text
from sparkify.source.file import Dataset
from sparkify.source.scan import record_text  # fmt: skip
from sparkify.sql.schema import table

OWN = "sparkify_"
"""How the keys begin that are added to records on their way to a database."""
EXTRA_KEY = f"{OWN}extra"
"""The key under which a rewritten record carries its `extra`."""
_ROW_NAMES = {"file_index", "filename", "file_row_number", "rowid"}
"""What DuckDB's reader calls what it tells of a row."""
_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
"""Numbers that every reader writes as they stand."""
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""An escaped character beyond the first 65,536, or half of one, which a fast reader refuses with its line."""
_FIRST_CLEAR = 10**14
"""Microseconds since 1970; a smaller number is taken for seconds or milliseconds (see `load.validation`)."""


class Record(NamedTuple):
    """A record as the reader of an engine is given it."""

    line: bytes
    """One JSON object; keys that no column takes may stand in it."""
    extra: str | None = None
    values: int = 0
    """How many values it holds that are not null."""
    aside: int = 0
    """How many of them are in `extra`."""
    unknown: Collection[str] = ()
    absent: Collection[str] = ()
    is_rewritten: bool = False
    """Whether a reader would have taken other values from the line as it came."""
    unit: int = 0
    """How its moment is written, where that is not a whole number: its place in `UNITS`."""
    is_object: bool = True
    """Whether the line was a JSON object: of any other nobody knows which keys it had."""


_NONE = Record(b"[]", is_object=False)
"""What a reader is given for a line that is no record, or none that can be loaded."""


class RecordReader:
    """Reads the records of one dataset."""

    def __init__(
        self,
        paths: Paths,
        numbers: Collection[str],
        integers: Collection[str] = (),
        strict: Collection[str] = (),
        moment: str | None = None,
    ) -> None:
        """`numbers` are the columns that are not text, `strict` those whose value must not be set aside."""
        self.paths = paths
        self._integers = frozenset(integers)
        self._numbers, self._strict = frozenset(numbers), frozenset(strict)
        self.moment = moment
        self._deepest_first = sorted(paths.items(), key=lambda one: -len(one[1]))
        self.is_flat = all(len(path) == 1 and isinstance(path[0], str) for path in paths.values())
        self.is_flat = self.is_flat and _are_distinct([str(path[0]) for path in paths.values()])
        self.keys = {column: str(path[0]) if self.is_flat else column for column, path in paths.items()}
        """Under which key a reader finds each column in the records that it is given."""
        self._labels = {column: label(path) for column, path in paths.items()}
        self._regular = (
            RegularRecords(self.keys, self._numbers, self._integers, moment) if self.is_flat else None
        )
        self._number_paths = frozenset(paths[name] for name in paths if name in self._numbers)

    def read(self, line: bytes) -> Record:
        """Read one line; what is no JSON object comes back as an empty list, for validation to reject."""
        if self._regular and self._regular.matches(line):
            return Record(line, values=self._regular.count_values(line))
        try:
            return self._parse(line)
        except (ValueError, RecursionError):
            return _NONE  # and not the line: a reader that takes more for JSON than we do would load it

    def misfits(self, line: bytes, reasons: Mapping[str, str]) -> tuple[str | None, int]:
        """(`extra` of this record, with the values of these columns set aside; how many more those are)."""
        found = self._sort(decoded(line))
        more = [(self._labels[name], found.values[name], why) for name, why in reasons.items()]
        return make_extra(found.extra, [*found.aside, *more]), len(more)

    def problem(self, line: bytes) -> str | None:
        """Why this record cannot be loaded with all its values; None if it can, or is no record."""
        try:
            found = self._sort(decoded(line))
        except (ValueError, RecursionError):
            return None
        return found.problem or _extra_of(found)[1]

    def _parse(self, line: bytes) -> Record:
        text = record_text(line)
        found = self._sort(DECODER.decode(text))
        line = text.encode()
        extra, problem = _extra_of(found)
        if found.problem or problem:
            return Record(b"[]", unknown=found.unknown, absent=found.absent, is_rewritten=True)
        if any(name.startswith(OWN) for name in found.unknown) or (found.unknown and _HALF.search(line)):
            found.is_rewritten = True  # a key like one of ours must not be taken for it, nor stop a reader
        own = {
            self.keys[name]: self.as_read(name, value)
            for name, value in found.values.items()
            if value is not None
        }
        held = sum(
            not (value == "" and name in self._numbers)
            for name, value in found.values.items()
            if value is not None
        )
        aside = len(found.aside) + len(found.extra)
        is_rewritten = found.is_rewritten or not self.is_flat
        if is_rewritten:
            line = dump(own | ({EXTRA_KEY: extra} if extra else {})).encode()
        elif extra:
            line = line.rstrip()[:-1] + b"," + dump({EXTRA_KEY: extra})[1:].encode()
        return Record(line, extra, held + aside, aside, found.unknown, found.absent, is_rewritten, found.unit)

    def _sort(self, value: Any) -> "_Sorted":
        """Find the place of each value. ValueError if this is no object."""
        if not isinstance(value, Pairs):
            raise ValueError("not a JSON object")  # noqa: TRY004  # as malformed JSON is one
        found = _Sorted(self._number_paths)
        top = _once(value, (), found)
        opened: dict[Path, dict[str, Any]] = {(): top}
        for column, path in self._deepest_first:  # or a column of `user` would take that of `user.id`
            is_there, taken = _take(top, path, opened, found)
            if not is_there:
                found.absent.append(self._labels[column])
            found.values[column] = None if taken is None else self._fit(column, taken, found)
        _keep_rest(top, (), opened, found)
        return found

    def _fit(self, column: str, value: Any, found: "_Sorted") -> Any:
        """The value as a reader may take it; None for none, or for one that is set aside."""
        if value is NO_NUMBER:
            found.is_rewritten = True
            return None
        why = why_unfit(value)
        name = self._labels[column]
        if why and column in self._strict:
            found.problem = found.problem or f"{name} {why}"
        elif why:
            found.is_rewritten = True
            found.aside.append((name, value, f"{name} {why}"))
        elif column == self.moment and isinstance(value, str):
            return self._moment_of(name, value, found)
        elif isinstance(value, Number) and not _INTEGER.fullmatch(value):
            # DuckDB writes 1.10 as 1.1 and Redshift does not; and see `_as_integer`.
            found.is_rewritten |= column in self._integers or column not in self._numbers
        return None if why else value

    def as_read(self, column: str, value: Any) -> Any:
        """The value as an engine's reader is given it."""
        if column in self._integers and isinstance(value, Number):
            return _as_integer(value)
        return value if column in self._numbers or not isinstance(value, str) else str.__str__(value)

    def _moment_of(self, name: str, value: str, found: "_Sorted") -> str:
        """A moment in microseconds since 1970, if it came as ISO-8601 text or with a fraction."""
        if re.fullmatch(r"\s*-?\d*\s*", value):
            return value
        if isinstance(value, Number) and (plain := _as_integer(value)) is not value:
            found.is_rewritten = True
            return plain
        with localcontext(prec=len(value) + 20):  # so that no digit is lost
            exact, unit = read_moment(value)
        if exact is None:
            return value
        found.is_rewritten = True
        whole = int(exact.to_integral_value())
        if whole < _FIRST_CLEAR:
            return "0"  # too early to be loaded; as microseconds it might look like another unit
        found.unit = UNITS.index(unit)
        if whole != exact:
            found.aside.append((name, value, f"{name} {TOO_FINE}"))
        return str(whole)


def _extra_of(found: "_Sorted") -> tuple[str | None, str | None]:
    """(`extra` of a record, why the record cannot be loaded with it)."""
    try:
        extra = make_extra(found.extra, found.aside)
    except TooDeepError:
        return None, f"lists or objects in it lie more than {DEEPEST} deep in one another"
    return extra, too_long(extra)


def why_unfit(value: Any) -> str | None:
    """Why no column takes this value, whatever its type; None where one may."""
    if isinstance(value, list | dict):  # a dict is what other columns left of an object
        return "is a list or an object"
    if isinstance(value, str) and "\0" in value:
        return "holds a null character"
    return "holds half of a surrogate pair" if isinstance(value, str) and not is_text(value) else None


def _as_integer(number: Number) -> Number:
    """7.00 and 7e0 as 7; what is not whole, or too large for a double to be exact, as it is."""
    value = float(number)
    return Number(int(value)) if value.is_integer() and abs(value) < 2**53 else number


def _are_distinct(keys: Collection[str]) -> bool:
    """Whether every reader tells these keys from one another and from its own names, whatever their case.

    DuckDB's takes `song` and `Song` for one column (DuckDB: "Keywords and Identifiers").
    """
    folded = {key.casefold() for key in keys}
    return len(folded) == len(keys) and not any(key.startswith(OWN) or key in _ROW_NAMES for key in folded)


def default_paths(dataset: Dataset) -> Paths:
    """Where the app writes each column's value, unless a JSONPaths file says otherwise."""
    return {column.name: (column.key,) for column in table(STAGING_TABLE[dataset]).reported}


def record_reader(dataset: Dataset, paths: Paths) -> RecordReader:
    """The reader of this dataset's records."""
    columns = table(STAGING_TABLE[dataset]).reported
    return RecordReader(
        paths,
        numbers=[column.name for column in columns if column.kind != "text"],
        integers=[column.name for column in columns if column.kind == "integer"],
        strict=[column.name for column in columns if column.is_strict],
        moment=next((column.name for column in columns if column.kind == "timestamp"), None),
    )


class _Sorted:
    """The values of one record, each at its place."""

    def __init__(self, number_paths: Collection[Path]) -> None:
        self.number_paths = number_paths
        """Where an empty text is no value."""
        self.values: dict[str, Any] = {}
        self.extra: dict[str, Any] = {}
        """What no column takes, and is not null."""
        self.aside: list[tuple[str, Any, str]] = []
        """(key, value, why it is not in its column)"""
        self.unknown: list[str] = []
        self.absent: list[str] = []
        self.is_rewritten = False
        self.problem: str | None = None
        self.unit = 0


def _once(pairs: Pairs, path: Path, found: _Sorted) -> dict[str, Any]:
    """An object with each key once: the last value that is not null counts, the others are set aside."""
    held: dict[str, Any] = {}
    for key, value in pairs:
        if key not in held:
            held[key] = value
            continue
        found.is_rewritten = True
        here = (*path, key)
        if not _counts(value, here, found):
            continue
        if _counts(held[key], here, found):
            found.aside.append((label(here), held[key], label(here) + TWICE))
        held[key] = value
    return held


def _counts(value: Any, path: Path, found: _Sorted) -> bool:
    return _is_value(value) and not (value == "" and path in found.number_paths)


def _is_value(value: Any) -> bool:
    return value is not None and value is not NO_NUMBER


def _take(
    top: dict[str, Any], path: Path, opened: dict[Path, dict[str, Any]], found: _Sorted
) -> tuple[bool, Any]:
    """(whether anything is at this path, what it is); it is taken out, unless it stands in a list."""
    node: Any = top
    for at, step in enumerate(path):
        if isinstance(node, dict) and step in node:
            here = path[: at + 1]
            if at + 1 == len(path):
                return True, node.pop(str(step))
            if isinstance(node[str(step)], Pairs):
                node[str(step)] = opened[here] = _once(node[str(step)], here, found)
            node = node[str(step)]
        elif (
            isinstance(node, list)
            and not isinstance(node, Pairs)
            and isinstance(step, int)
            and step < len(node)
        ):
            node = node[step]
            if at + 1 == len(path):
                return True, node
        elif isinstance(node, Pairs) and (given := [value for key, value in node if key == step]):
            node = next(filter(_is_value, reversed(given)), None)  # as `_once` takes it
            if at + 1 == len(path):
                return True, node
        else:
            return False, None
    return False, None


def _keep_rest(
    node: dict[str, Any], path: Path, opened: Mapping[Path, dict[str, Any]], found: _Sorted
) -> None:
    """What no column took goes to `extra`; of an object from which something was taken, the rest."""
    for key, value in node.items():
        here = (*path, key)
        if here in opened and value is opened[here]:
            _keep_rest(value, here, opened, found)
            continue
        name = label(here)
        found.unknown.append(name)
        if not _is_value(value):
            continue
        kept = "_" + name if re.fullmatch(f"_*{SET_ASIDE}", name) else name
        if kept in found.extra:  # a key "user.id" beside an object "user" with a key "id"
            found.aside.append((name, value, name + TWICE))
        else:
            found.extra[kept] = value
