"""A picture of any answer, whatever the question: what it is, its columns tell."""

import datetime as dt
import decimal
from collections.abc import Iterable, Sequence
from typing import Any

from sparkify.ask.chart_data import Picture
from sparkify.engines.base import Result
from sparkify.formatting import WEEKDAYS, count, day, exactly, number

NUMBERS = (int, float, decimal.Decimal)
CODES = ("weekday", "hour", "record", "band", "weeks_later", "step")
"""Numbers that count nothing, beside those that end in _id."""
ACROSS = {"hour": "hour ({clock})", "weeks_later": "weeks later"}
"""Codes that run from left to right where there are two, and what their axis says."""
STEPS = {"day": 1, "week": 7}
"""Days from one row to the next, by how a column is called; others are months, or what somebody made."""
BARS = 25
"""Rows that a picture shows."""
WHOLE = "whole"
"""What a column like `week_in_log` says of a week that the log holds wholly."""


def chart(result: Result, clock: str = "UTC") -> Picture | None:
    """The first count of an answer, by day, by two things or by what stands before it, or None."""
    kinds = [_kind(column, [row[n] for row in result.rows]) for n, column in enumerate(result.columns)]
    n = kinds.index("number") if "number" in kinds else 0
    if n == 0:  # nothing is counted, or counts of many kinds stand in one row
        return None
    if any(column.endswith("_at") for column in result.columns):  # single moments
        return None
    if n == 2 and result.columns[1] in ACROSS:
        return _grid(result, clock)
    if kinds[0] == "day" and len({row[0] for row in result.rows}) == len(result.rows):
        return _series(result, n)
    if result.columns[:n] == ("hour",) and _are_hours([row[0] for row in result.rows]):
        return _hours(result, n)
    return _bars(result, n)


def spoken(name: str) -> str:
    """A name as a title says it.

    >>> spoken("most_played_songs")
    'Most played songs'
    """
    return name.replace("_", " ").capitalize()


def _series(result: Result, n: int) -> Picture:
    unit, column = spoken(result.columns[n]).lower(), result.columns[0]
    found = {row[0]: float(row[n] or 0) for row in result.rows}
    first = max(found, key=lambda one: found[one])
    step = next((days for word, days in STEPS.items() if column.endswith(word)), 0)
    span = range(0, (max(found) - min(found)).days + 1, step) if step else ()
    x = [min(found) + dt.timedelta(days=days) for days in span]
    if not x or not found.keys() <= {*x}:
        x = sorted(found)
    absent = len(x) - len(found)
    gap = f"{count(absent, 'day has', 'days have')} no row: a gap." if absent and step == 1 else ""
    part = [row[0] for row in result.rows if _is_in_part(result, row)]
    the = {7: f"The week of {day(first)}", 1: day(first)}.get(step, f"{first:%B %Y}")
    leads = f"{the} has the {_top(unit)}: {number(found[first])}"
    return {
        "kind": "series",
        "title": leads if found[first] else f"{spoken(unit)} by {column.replace('_', ' ')}: none",
        "note": " ".join(filter(None, (gap, _told_in_part(len(part), result.columns[-1])))),
        "unit": unit,
        "x": [str(one) for one in x],
        "y": [found.get(one) for one in x],
        "part": [str(one) for one in part],
    }


def _grid(result: Result, clock: str) -> Picture | None:
    """`result` begins with a row's name, a whole number that runs from left to right, and a count.

    A part of a week is lower than a whole one for no other reason: it is left out.
    """
    part = {(row[0], int(row[1])) for row in result.rows if _is_in_part(result, row)}
    cells = {(row[0], int(row[1])): float(row[2] or 0) for row in result.rows}
    down = list(dict.fromkeys(y for y, _ in cells))
    seen = [x for y, x in cells.keys() - part if y in down[-BARS:]]
    if not seen:
        return None
    across = range(min(seen), max(seen) + 1)
    named, axis, what = result.columns[:3]
    cut = f"The last {BARS} of {len(down):,} rows." if len(down) > BARS else ""
    left_out = "Weeks that the log has not, or only in part, are left out." if part else ""
    return {
        "kind": "grid",
        "title": f"{spoken(what)} by {spoken(named).lower()} and {spoken(axis).lower()}",
        "note": " ".join(filter(None, (cut, left_out))),
        "unit": spoken(what).lower(),
        "axis": ACROSS[axis].format(clock=clock),
        "x": list(across),
        "y": [_named(named, y) for y in down[-BARS:]],
        "z": [[None if (y, x) in part else cells.get((y, x)) for x in across] for y in down[-BARS:]],
    }


def _hours(result: Result, n: int) -> Picture:
    """A column for each hour of the day; one without a row has nothing."""
    found = {int(row[0]): float(row[n] or 0) for row in result.rows}
    unit = spoken(result.columns[n])
    most = max(found.values())
    busiest = [hour for hour in found if found[hour] == most]
    leads = f"{busiest[0]:02}:00 to {busiest[0]:02}:59 has the {_top(unit.lower())}: {number(most)}"
    return {
        "kind": "hours",
        "title": f"{unit} by hour" if busiest[1:] else leads,
        "note": "",
        "unit": unit.lower(),
        "x": list(range(24)),
        "y": [found.get(hour, 0) for hour in range(24)],
    }


def _bars(result: Result, n: int) -> Picture:
    """A bar for each row, named by what stands before its count; the title names the first if it leads."""
    unit, values = spoken(result.columns[n]), [float(row[n] or 0) for row in result.rows]
    words = [at for at in range(n) if result.columns[at] not in CODES] or list(range(n))
    names = [[_named(result.columns[at], row[at]) for at in words] for row in result.rows[:BARS]]
    leads = values[0] == max(values) and values.count(values[0]) == 1
    is_named = isinstance(result.rows[0][words[0]], str)
    return {
        "kind": "bars",
        "title": f"{', '.join(names[0])} has the {_top(unit.lower())}: {number(values[0])}"
        if leads and is_named
        else f"{unit} by {spoken(result.columns[words[0]].removesuffix('_id')).lower()}",
        "note": f"The first {BARS} of {len(values):,} rows." if len(values) > BARS else "",
        "rows": [
            [name, " · ".join([*rest, *[str(row[-1])] * _is_in_part(result, row)]), value, ""]
            for (name, *rest), value, row in zip(names, values, result.rows, strict=False)
        ],
    }


def _is_in_part(result: Result, row: tuple[Any, ...]) -> bool:
    return result.columns[-1].endswith("_in_log") and row[-1] != WHOLE


def _told_in_part(many: int, column: str) -> str:
    """What a picture says of the weeks or months that the log does not hold wholly.

    >>> _told_in_part(1, "week_in_log"), _told_in_part(2, "month_in_log")
    ('1 week is not wholly in the log: a ring.', '2 months are not wholly in the log: a ring each.')
    """
    step = column.removesuffix("_in_log")
    said = f"{count(many, f'{step} is', f'{step}s are')} not wholly in the log: a ring"
    return f"{said}{' each' * (many > 1)}." if many else ""


def _top(unit: str) -> str:
    """How a title calls the largest number of a kind.

    >>> _top("plays"), _top("percent skipped"), _top("change"), _top("most at once")
    ('most plays', 'highest percent skipped', 'largest change', 'most at once')
    """
    if unit.startswith("most "):
        return unit
    word = "highest" if unit.startswith("percent") else "largest" if unit == "change" else "most"
    return f"{word} {unit}"


def _are_hours(values: Sequence[Any]) -> bool:
    """Whether these are hours of a day, each once."""
    return len({*values}) == len(values) and all(value in range(24) for value in values)


def _named(column: str, value: Any) -> str:
    """What a bar or a row is called.

    >>> _named("weekday", 0), _named("hour", 7.0), _named("level", None)
    ('Sunday', '7', 'unknown')
    """
    if value is None:
        return "unknown"
    if column == "weekday":
        return WEEKDAYS[int(value)]
    if isinstance(value, dt.datetime):
        return exactly(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _kind(column: str, values: Iterable[Any]) -> str:
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, dt.date) and not isinstance(value, dt.datetime) for value in known):
        return "day"
    named = column.endswith("_id") or column in CODES
    return "number" if known and not named and all(isinstance(v, NUMBERS) for v in known) else "text"
