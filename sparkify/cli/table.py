"""Rows as a table for people: it fits the terminal, and nothing in it steers the terminal."""

import datetime as dt
import decimal
import re
import sys
from collections.abc import Sequence
from shutil import get_terminal_size
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sparkify.cli.output import echo_err, in_cell, lines, visible
from sparkify.engines.base import Result
from sparkify.formatting import exactly

LONGEST = 300
"""Characters of one cell; what is longer is for a program to read."""
NUMBERS = (int, float, decimal.Decimal)
_DECIMAL = re.compile(r"-?[\d,]+(\.\d+)?|-")


def print_table(result: Result) -> None:
    """Print rows side by side, or, in a terminal too narrow for that, each row as a block of lines."""
    columns = [
        _column(name, [row[index] for row in result.rows]) for index, name in enumerate(result.columns)
    ]
    names = list(map(visible, result.columns))
    if any(len(cell) > LONGEST for column in columns for cell in column):
        columns = [[_clipped(cell) for cell in column] for column in columns]
        echo_err(f"Text is cut after {LONGEST} characters: --format csv gives all of it.")
    width, height = get_terminal_size() if sys.stdout.isatty() else (100, 25)
    console = Console(width=width, height=height)  # a terminal that is called dumb has its size too
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, (name, column) in enumerate(zip(names, columns, strict=True)):
        values = [row[index] for row in result.rows]
        longest = max(map(len, column), default=0)
        # Long text may wrap; a name, a number or a moment that is torn apart cannot be read.
        narrowest = longest if _are(values, (*NUMBERS, dt.date)) else min(longest, 24)
        table.add_column(
            Text(name),
            justify="right" if _are(values, NUMBERS) else "left",
            overflow="fold",
            min_width=max(len(name), narrowest),
        )
    rows = list(zip(*columns, strict=True))
    for row in rows:
        table.add_row(*map(Text, row))
    least = console.measure(table, options=console.options.update(max_width=1_000_000)).minimum
    if least > console.width and sys.stdout.isatty():
        click.echo("\n\n".join(lines(zip(names, row, strict=True)) for row in rows))
        return
    console.width = max(console.width, least)
    with console.capture() as captured:
        console.print(table, crop=False)
    click.echo(re.sub(r" +((?:\x1b\[[\d;]*m)*)$", r"\1", captured.get(), flags=re.M), nl=False)


def _column(name: str, values: Sequence[Any]) -> list[str]:
    """The cells of a column; numbers are given as many decimals as the longest of them has."""
    cells = [_shown(value, name) for value in values]
    whole = [cell.partition(".")[0] for cell in cells]
    decimals = [cell.partition(".")[2] for cell in cells]
    if not any(decimals) or not _are(values, NUMBERS) or not all(map(_DECIMAL.fullmatch, cells)):
        return cells
    width = max(map(len, decimals))
    return [c if c == "-" else f"{w}.{d:0<{width}}" for c, w, d in zip(cells, whole, decimals, strict=True)]


def _clipped(cell: str) -> str:
    return cell if len(cell) <= LONGEST else f"{cell[:LONGEST]}… ({len(cell):,} characters)"


def _are(values: Sequence[Any], kinds: tuple[type, ...]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, kinds) for value in known)


def _shown(value: Any, column: str) -> str:
    if value is None:
        return "-"
    if isinstance(value, dt.datetime):
        return exactly(value)
    if isinstance(value, bool) or column.endswith(("_id", "year")) or column in ("hour", "record"):
        return visible(str(value))
    if isinstance(value, NUMBERS):
        return f"{value:,}"
    return visible(str(in_cell(value)))
