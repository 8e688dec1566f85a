"""A picture of any answer, whatever the question: what it is, its columns tell."""

import datetime as dt
import decimal
from collections.abc import Iterable
from typing import Any

from sparkify.ask.wording import WEEKDAYS
from sparkify.engines.base import Result

NUMBERS = (int, float, decimal.Decimal)
CODES = ("weekday", "hour", "record", "band", "weeks_later")
"""Numbers that count nothing, beside those that end in _id."""
GRID = ("hour", "weeks_later")
"""Codes that run from left to right, where one row follows another."""
BARS = 25
"""Rows that bars show."""

Picture = dict[str, Any]


def chart(result: Result) -> Picture | None:
    """The first count of an answer, by day, by two things or by what stands before it; None without one."""
    kinds = [_kind(column, [row[n] for row in result.rows]) for n, column in enumerate(result.columns)]
    if "number" not in kinds:
        return None
    n = kinds.index("number")
    if kinds[0] == "day" and len({row[0] for row in result.rows}) == len(result.rows):
        return _series(result, n)
    if n == 2 and result.columns[1] in GRID:
        return _grid(result)
    return _bars(result, n)


def spoken(name: str) -> str:
    """A name as a title says it.

    >>> spoken("most_played_songs")
    'Most played songs'
    """
    return name.replace("_", " ").capitalize()


def _series(result: Result, n: int) -> Picture:
    what = spoken(result.columns[n])
    return {
        "kind": "series",
        "title": f"{what} by {result.columns[0].replace('_', ' ')}",
        "note": "",
        "unit": what.lower(),
        "x": [str(row[0]) for row in result.rows],
        "y": [float(row[n] or 0) for row in result.rows],
    }


def _grid(result: Result) -> Picture:
    """`result` has a row's name, a whole number that runs from left to right, and a count."""
    cells = {(row[0], int(row[1])): float(row[2] or 0) for row in result.rows}
    across = range(min(x for _, x in cells), max(x for _, x in cells) + 1)
    down = list(dict.fromkeys(y for y, _ in cells))
    what, axis = (spoken(result.columns[at]) for at in (2, 1))
    return {
        "kind": "grid",
        "title": f"{what} by {result.columns[0].replace('_', ' ')} and {axis.lower()}",
        "note": "",
        "unit": what.lower(),
        "axis": axis.lower(),
        "x": list(across),
        "y": [_named(result.columns[0], y) for y in down],
        "z": [[cells.get((y, x)) for x in across] for y in down],
    }


def _bars(result: Result, n: int) -> Picture:
    shown = result.rows[:BARS]
    named = result.columns[: max(n, 1)]
    words = [[_named(*cell) for cell in zip(named, row, strict=False)] for row in shown]
    more = len(result.rows) - BARS
    return {
        "kind": "bars",
        "title": spoken(result.columns[n]),
        "note": f"The first {BARS} of {len(result.rows):,} rows." if more > 0 else "",
        "rows": [
            [name, " · ".join(rest), float(row[n] or 0), ""]
            for (name, *rest), row in zip(words, shown, strict=True)
        ],
    }


def _named(column: str, value: Any) -> str:
    """
    >>> _named("weekday", 0), _named("hour", 7), _named("level", None)
    ('Sunday', '7', 'unknown')
    """
    if value is None:
        return "unknown"
    return WEEKDAYS[int(value)] if column == "weekday" else str(value)


def _kind(column: str, values: Iterable[Any]) -> str:
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, dt.date) for value in known):
        return "day"
    named = column.endswith("_id") or column in CODES
    return "number" if known and not named and all(isinstance(v, NUMBERS) for v in known) else "text"
