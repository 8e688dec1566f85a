"""When a value fits its column, why not, and what it is then: SQL over raw tables, whose columns are text.

The rules are the staging tables' own columns: an integer is text equal to its own cast (a cast alone takes
'7.6' for 8 and '0x10' for 16), a number is finite, text fits its width in bytes. A fraction of zero makes no
other number: 7.0 is the integer 7, as in JSON Schema. Where every byte of a file proves that it bends
nothing, numbers were read as DOUBLE.

Redshift compares text without the blanks at its end; so emptiness is asked of its length, and a blank
looked for.
"""

import datetime as dt
from typing import Any

from sparkify.engines.dialect import literal
from sparkify.engines.moments import UNITS
from sparkify.sql.marks import range_of
from sparkify.sql.schema import Column

EARLIEST = dt.datetime(2000, 1, 1)
_EARLIEST_MS = (EARLIEST - dt.datetime(1970, 1, 1)) // dt.timedelta(milliseconds=1)
AHEAD = dt.timedelta(days=2)
"""A moment before the one, or further ahead of the clock than the other, has a wrong clock or unit."""

EXACT = 2**53 - 1
"""Below its successor, a double is every integer exactly."""
_LARGEST = "CAST('1.7976931348623157e308' AS DOUBLE PRECISION)"
"""Of a text: written bare it would be a NUMERIC, which ends at 38 digits on Redshift."""
LATEST = 2**31 - 1
"""Minutes since 1970 that an INTEGER holds: far beyond any moment that is accepted."""
_SECONDS, _MILLISECONDS = 100_000_000_000, 100_000_000_000_000
"""Moments since 1970 are in seconds below the first, milliseconds below the second, else microseconds."""


def latest_moment(now: dt.datetime) -> dict[str, int]:
    """The last moment that is accepted, as statements name it."""
    latest = int((now + AHEAD - dt.datetime(1970, 1, 1)) / dt.timedelta(microseconds=1))
    return {"latest_ms": latest // 1000, "latest_us": latest}


def why_misfit(column: Column, key: str) -> str:
    """Why text that came under this key does not fit this column; NULL where it fits."""
    return case(why_not(column, key, is_plain=False))


def why_not(column: Column, name: str, *, is_plain: bool) -> list[tuple[str, str]]:
    """(condition that is true of a wrong value, why it is wrong)."""
    text = column.name
    if column.kind == "text":
        return [
            (f"OCTET_LENGTH({text}) > {column.width}", f"{name} is longer than {column.width} bytes"),
            *(
                [(f"{text} LIKE ' %' OR {text} LIKE '% '", f"{name} has a blank at an end")]
                if column.is_unpadded
                else []
            ),
        ]
    if column.kind == "number":
        return [
            (
                f"OCTET_LENGTH({text}) > 0 AND ({text} ~ '[^0-9.eE+-]|[+]-' OR {_finite(text)} IS NULL)",
                f"{name} is not a number",
            ),
            *_range(column, name, _finite(text)),
        ]
    is_moment = column.kind == "timestamp"
    digits = text if is_moment else _digits(text)
    whole = f"TRY_CAST({_present(digits)} AS {'BIGINT' if is_moment else column.type})"
    # DuckDB reads -0 as 0 where it is no text.
    wrong = (
        f"({text} NOT IN ('-0', '-0.0') AND {digits} <> COALESCE(CAST({whole} AS VARCHAR(32)), '')) "
        f"OR {text} LIKE '% ' OR {text} = '.0'"
    )
    if not is_moment and max(map(abs, bounds(column))) > EXACT:
        wrong += f" OR ({text} LIKE '%.0' AND ABS({whole}) > {EXACT})"
    what = "a moment" if is_moment else "an integer"
    return [
        (f"OCTET_LENGTH({text}) > 0 AND ({wrong})", f"{name} is not {what}"),
        *(_moments(name, text, is_plain) if is_moment else _range(column, name, whole)),
    ]


def _range(column: Column, name: str, value: str) -> list[tuple[str, str]]:
    if column.limits is None:
        return []
    low, high = column.limits
    return [(f"{value} NOT BETWEEN {low} AND {high}", f"{name} is outside {low} to {high}")]


def _moments(name: str, text: str, is_plain: bool) -> list[tuple[str, str]]:
    whole = f"TRY_CAST({_present(text)} AS BIGINT)"
    inside = (
        f"{whole} BETWEEN {_EARLIEST_MS} AND :latest_ms"
        if is_plain
        else f"{_microseconds(text)} BETWEEN {_EARLIEST_MS * 1000} AND :latest_us"
    )
    return [(f"NOT ({inside})", f"{name} is before 2000, or more than two days ahead of the clock")]


def typed(column: Column, *, is_plain: bool = False) -> str:
    if column.kind == "text":
        return column.name
    if column.kind == "number":
        number = _number(column.name)
        return _unsigned_zero(number, f"WHEN ABS({number}) <= {_LARGEST} THEN {number}")
    if column.kind == "timestamp":
        if is_plain:
            return _moment(f"TRY_CAST({_present(column.name)} AS BIGINT)", 60_000, "ms")
        return _moment(_microseconds(column.name), 60_000_000, "microsecond")
    return f"TRY_CAST({_present(_digits(column.name))} AS {column.type})"


def wrong_doubles(column: Column) -> list[tuple[str, str]]:
    """As `_reasons`, of a column that is read as DOUBLE."""
    name = column.name
    found = [(f"{name} IS NULL", "missing")] if column.required else []
    if column.kind == "number" and column.limits is None:
        return [*found, (f"ABS({name}) > {_LARGEST}", "infinite")]
    low, high = bounds(column)
    if column.kind != "number":
        found.append((f"{name} <> TRUNC({name})", "no integer"))
    return [*found, (f"{name} NOT BETWEEN {low} AND {high}", "outside")]


def of_double(column: Column) -> str:
    if column.kind == "number":
        return _unsigned_zero(column.name, f"ELSE {column.name}")
    whole = f"CAST({column.name} AS BIGINT)"
    return _moment(whole, 60_000, "ms") if column.kind == "timestamp" else f"CAST({whole} AS {column.type})"


def bounds(column: Column) -> tuple[Any, Any]:
    """The least and the greatest value that this column takes; of a moment in milliseconds."""
    if column.kind == "timestamp":
        return _EARLIEST_MS, ":latest_ms"
    return column.limits or range_of(column.type)


def _microseconds(text: str) -> str:
    """A moment since 1970, of whatever unit: those of 2000 to 5138 have other numbers in each."""
    whole = f"TRY_CAST({_present(text)} AS BIGINT)"
    return (
        f"CASE WHEN {whole} < 0 THEN 0 WHEN {whole} < {_SECONDS} THEN {whole} * 1000000 "
        f"WHEN {whole} < {_MILLISECONDS} THEN {whole} * 1000 ELSE {whole} END"
    )


def _moment(whole: str, minute: int, unit: str) -> str:
    """A moment, in minutes and what is left, since DATEADD counts in 32 bits.

    Whichever rows are looked at first: a moment that is rejected must not overflow either.
    """
    minutes = f"CAST(LEAST(GREATEST({whole}, 0), {LATEST * minute}) / {minute} AS INTEGER)"
    start = f"DATEADD(minute, {minutes}, CAST('1970-01-01 00:00:00' AS TIMESTAMP))"
    return f"DATEADD({unit}, CAST(MOD({whole}, {minute}) AS INTEGER), {start})"


def _digits(text: str) -> str:
    """An integer without its fraction of zero."""
    return f"CASE WHEN {text} LIKE '%.0' THEN LEFT({text}, LENGTH({text}) - 2) ELSE {text} END"


def _present(name: str) -> str:
    """NULL for blank text, which Redshift's TRY_CAST does not take."""
    return f"NULLIF(TRIM({name}), '')"


def _finite(name: str) -> str:
    """The number, or NULL where the text is none, or too large for one (DuckDB makes that infinite)."""
    number = _number(name)
    return f"CASE WHEN ABS({number}) <= {_LARGEST} THEN {number} END"


def _number(name: str) -> str:
    return f"TRY_CAST({_present(name)} AS DOUBLE PRECISION)"


def _unsigned_zero(number: str, otherwise: str) -> str:
    """0.0 for -0.0, which is equal and another row to a hash: the star would depend on what came first."""
    return f"CASE WHEN {number} = 0 THEN 0 {otherwise} END"


def case(found: list[tuple[str, str]]) -> str:
    return "CASE\n" + "\n".join(f"    WHEN {wrong} THEN {literal(why)}" for wrong, why in found) + "\nEND"


def unit(moment: Column) -> str:
    """How the moment of a raw record was written: its place in `UNITS`."""
    whole = f"TRY_CAST({_present(moment.name)} AS BIGINT)"
    return (
        f"CASE WHEN unit <> 0 THEN unit WHEN {whole} < {_SECONDS} THEN {UNITS.index('seconds')} "
        f"WHEN {whole} >= {_MILLISECONDS} THEN {UNITS.index('microseconds')} ELSE 0 END"
    )
