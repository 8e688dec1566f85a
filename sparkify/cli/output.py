"""What reaches the terminal: data on stdout, talk on stderr, both readable at 3 a.m."""

import csv
import datetime as dt
import decimal
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from sparkify.engines.base import Result

FORMATS = ("table", "csv", "json", "ndjson")
MOST_ROWS = 1000
"""Rows of a table; more are for a program to read."""


def format_option(function: Any) -> Any:
    """`--format`; without it a table for a terminal, CSV for a pipe."""
    return click.option(
        "--format",
        "style",
        type=click.Choice(FORMATS),
        default=None,
        help="Default: table in a terminal, csv in a pipe.",
    )(function)


def print_result(result: Result, style: str | None) -> None:
    """Print rows in the style that was asked for."""
    style = style or ("table" if sys.stdout.isatty() else "csv")
    if style == "table":
        _print_table(Result(result.columns, result.rows[:MOST_ROWS]))
        if (more := len(result.rows) - MOST_ROWS) > 0:
            click.echo(f"... and {count(more, 'more row')}: --format csv gives them all.", err=True)
    elif style == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(result.columns)
        writer.writerows(result.rows)
    else:
        names = _distinct(result.columns)
        rows = [dict(zip(names, map(plain, row), strict=True)) for row in result.rows]
        if style == "json":
            click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        else:
            for row in rows:
                click.echo(json.dumps(row, ensure_ascii=False))


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, so that no two are alike: JSON would drop all but one.

    >>> _distinct(["a", "b", "a"])
    ['a', 'b', 'a_2']
    """
    seen: list[str] = []
    for name in names:
        number = names[: len(seen)].count(name) + 1
        seen.append(name if number == 1 else f"{name}_{number}")
    return seen


def print_object(value: Mapping[str, Any]) -> None:
    """Print one JSON object."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=plain))


def plain(value: Any) -> Any:
    """A database's value as JSON knows it."""
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def percent(part: int, whole: int) -> str:
    """'12.3 %', or a dash where there is nothing to divide."""
    if 0 < part * 2000 < whole:
        return "< 0.1 %"
    return f"{100 * part / whole:.1f} %" if whole else "-"


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
    """Labels in one column, what they say in the next."""
    pairs = list(pairs)
    width = max(len(label) for label, _ in pairs)
    return "\n".join(f"  {label.ljust(width)}  {text}" for label, text in pairs)


def count(number: int, thing: str, things: str = "") -> str:
    """'1 file', '3 files', '1,000 files'."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def _print_table(result: Result) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    console = Console(width=None if sys.stdout.isatty() else 100)
    shown = [
        [_shown(value, name) for value, name in zip(row, result.columns, strict=True)] for row in result.rows
    ]
    for index, name in enumerate(result.columns):
        values = [row[index] for row in result.rows]
        longest = max((len(row[index]) for row in shown), default=0)
        # Long text may wrap; a name, a number or a moment that is torn apart cannot be read.
        narrowest = longest if _are(values, (*NUMBERS, dt.date)) else min(longest, 24)
        table.add_column(
            name,
            justify="right" if _are(values, NUMBERS) else "left",
            overflow="fold",
            min_width=max(len(name), narrowest),
        )
    for row in shown:
        table.add_row(*map(Text, row))
    console.width = max(console.width, console.measure(table).minimum)
    console.print(table, crop=False)


NUMBERS = (int, float, decimal.Decimal)


def _are(values: Sequence[Any], kinds: tuple[type, ...]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, kinds) for value in known)


def _shown(value: Any, column: str) -> str:
    if value is None:
        return "-"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="milliseconds" if value.microsecond else "seconds")
    if isinstance(value, bool) or column.endswith("_id") or column in ("year", "hour", "record"):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float | decimal.Decimal):
        return f"{value:,}"
    return str(value)
