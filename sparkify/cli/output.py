"""What reaches the terminal: data on stdout, echo_err on stderr, both readable at 3 a.m."""

import csv
import datetime as dt
import decimal
import json
import math
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import click

from sparkify.engines.base import Result
from sparkify.formatting import count, distinct

FORMATS = ("table", "csv", "json", "ndjson")
MOST_ROWS = 1000
"""Rows of a table; more are for a program to read."""
JOINERS = "\u200c\u200d"
"""Invisible, and part of how some scripts and emoji are written."""
_STEERING = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What JSON may hold as it is, and a terminal obeys: controls, line ends, changes of direction."""


def format_option(function: Any) -> Any:
    """`--format`; without it a table for a terminal, CSV for a pipe."""
    return click.option(
        "--format",
        "style",
        type=click.Choice(FORMATS),
        default=None,
        help="Default: table in a terminal, csv in a pipe.",
    )(function)


def is_table(style: str | None) -> bool:
    """Whether rows are printed for people, since that was asked for or since stdout is a terminal."""
    return style == "table" or (style is None and sys.stdout.isatty())


def print_result(result: Result, style: str | None, none: str = "no rows") -> None:
    """Print rows in the style that was asked for; `none` is what a table says where there are none."""
    if is_table(style):
        from sparkify.cli.table import print_table

        print_table(Result(result.columns, result.rows[:MOST_ROWS]))
        if (more := len(result.rows) - MOST_ROWS) > 0:
            echo_err(f"... and {count(more, 'more row')}: --format csv gives them all.")
        if not result.rows:
            echo_err(none)
    elif style in ("csv", None):
        writer = csv.writer(_Rows())
        writer.writerow(result.columns)
        writer.writerows(map(in_cell, row) for row in result.rows)
    else:
        names = distinct(result.columns)
        rows = [dict(zip(names, map(plain, row), strict=True)) for row in result.rows]
        if style == "json":
            click.echo(as_json(rows, indent=2))
        else:
            for row in rows:
                click.echo(as_json(row))


class _Rows:
    """Rows of CSV on stdout, each ended by a newline alone.

    Python's writer quotes a carriage return within a cell only if its own line ends have one.
    """

    def write(self, row: str) -> int:
        return sys.stdout.write(row.removesuffix("\r\n") + "\n")


def print_some(
    result: Result, most: int, style: str | None, none: str = "no rows", *, chosen: bool = False
) -> None:
    """Print at most so many rows (0: all), of which one more was asked for; unless that number was `chosen`,
    say if there are others."""
    rows = result.rows[:most] if most else result.rows
    print_result(Result(result.columns, rows), style, none)
    if len(result.rows) > len(rows) and not chosen:
        echo_err("... and more: --limit 0 gives them all.")


def print_object(value: Mapping[str, Any]) -> None:
    """Print one JSON object."""
    click.echo(as_json(plain(value), indent=2))


def as_json(value: Any, indent: int | None = None) -> str:
    """JSON for people and programs: readable in any script, and nothing in it steers a terminal.

    >>> as_json(["naïve \\x9b31m"])
    '["naïve \\\\u009b31m"]'
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def plain(value: Any) -> Any:
    """A database's value as JSON knows it; a number that is none, or is infinite, is null there.

    A decimal with more digits than a double has is text.
    """
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return list(map(plain, value))
    if isinstance(value, float | decimal.Decimal):
        return _number(value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, bool | int | str | None) else str(value)


def _number(value: float | decimal.Decimal) -> float | int | str | None:
    if not math.isfinite(value):
        return None
    if isinstance(value, float):
        return value
    if value == value.to_integral_value():
        return int(value)
    return float(value) if decimal.Decimal(str(float(value))) == value else str(value)


def in_cell(value: Any) -> Any:
    """The same where a value is one text: lists and structs are written as JSON."""
    return as_json(plain(value)) if isinstance(value, list | tuple | dict) else value


def echo_err(message: str) -> None:
    """Say something on stderr; what is in it came from files and must not steer the terminal."""
    click.echo("\n".join(map(visible, message.split("\n"))), err=True)


def visible(text: str) -> str:
    """The text with everything escaped that a terminal would obey or hide.

    >>> visible("tab\\t, \\x1b[31mred, naïve")
    'tab\\\\t, \\\\x1b[31mred, naïve'
    """
    if text.isprintable():
        return text
    return "".join(c if _harmless(c) else c.encode("unicode_escape").decode() for c in text)


def _harmless(character: str) -> bool:
    blank = unicodedata.category(character) == "Zs"
    return character.isprintable() or blank or character in JOINERS


def seconds(value: float) -> str:
    """'0.42 s', '12.8 s', '3 min 20 s'."""
    if value < 10:
        return f"{value:.2f} s"
    if value < 120:
        return f"{value:.1f} s"
    return f"{int(value) // 60} min {int(value) % 60} s"


def size(value: float) -> str:
    """'476 B', '3.6 MB'."""
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def lines(pairs: Iterable[tuple[str, str]]) -> str:
    """Labels in one column, what they say in the next; nothing in them steers the terminal."""
    pairs = [(visible(label), visible(text)) for label, text in pairs]
    width = max(len(label) for label, _ in pairs)
    return "\n".join(f"  {label.ljust(width)}  {text}" for label, text in pairs)
