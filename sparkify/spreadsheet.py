"""A table as a spreadsheet: each value as what it is, and no text taken for a formula, a number or a link.

Limits are those of "Excel specifications and limits": 1,048,576 rows, numbers of 15 digits, cells of 32,767
characters. A longer integer is text here, since a spreadsheet would round it. Other numbers have sixteen
digits, as XlsxWriter writes them, and moments are to the millisecond.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sparkify.errors import ConfigError, OutputError

MOST_ROWS = 1_048_576 - 1
"""Rows of one sheet, below its head."""
EXACT = 10**15
"""Integers from here on lose digits in a spreadsheet."""
_MOMENT = "yyyy-mm-dd hh:mm:ss.000"


def require_rows(name: str, rows: int) -> None:
    """Raise ConfigError if a table has more rows than a sheet holds."""
    if rows > MOST_ROWS:
        raise ConfigError(
            f"{name} has {rows:,} rows, and a spreadsheet holds {MOST_ROWS:,}. "
            "Export as csv or parquet, or ask a question and export its answer as csv."
        )


def write_sheet(file: Path, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write a workbook of one sheet, one row at a time, and return how many there are below its head.

    Raises ModuleNotFoundError without xlsxwriter, OutputError if a value has no place in a cell.
    """
    from xlsxwriter import Workbook

    count = 0
    with Workbook(str(file), {"constant_memory": True, "tmpdir": str(file.parent)}) as book:
        head, moment = book.add_format({"bold": True}), book.add_format({"num_format": _MOMENT})
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(columns):
            sheet.set_column(at, at, 24 if column == "start_time" else max(12, len(column) + 2))
            sheet.write_string(0, at, column, head)
        for count, row in enumerate(rows, start=1):
            for at, value in enumerate(row):
                if isinstance(value, dt.datetime):
                    wrong = sheet.write_datetime(count, at, value, moment)
                elif value is None:
                    continue
                elif isinstance(value, str) or abs(value) >= EXACT:
                    wrong = sheet.write_string(count, at, str(value))
                else:
                    wrong = sheet.write_number(count, at, value)
                if wrong:
                    raise OutputError(
                        f"row {count:,} of {name}: {columns[at]} is longer than a cell of a spreadsheet. "
                        "Export as csv or parquet."
                    )
        sheet.autofilter(0, 0, count, len(columns) - 1)
    return count
