"""A spreadsheet holds what the table holds, as another program reads it."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape  # ECMA-376, ST_Xstring: no reader of cells does it

from sparkify import spreadsheet
from sparkify.errors import ConfigError, OutputError
from sparkify.spreadsheet import require_rows, write_sheet

TEXTS = (
    "=1+1", "+1", "-1", "@SUM(A1)", "007", "1e5", "TRUE", "2018-11-01", "http://example.com", "#N/A", "{=1}",
    "_x0041_", "a\x07b", "a\tb\nc", "a\rb", "\x7f\x85\u2028", "\uffff", " x ", "Björk 😀",
    "x" * 32_767, "'x", "<&>\"",
)  # fmt: skip
NUMBERS = (0, -1, 10**15 - 1, 0.1, -22.5, 277.15873, 1e-7)
MOMENTS = tuple(
    map(dt.datetime.fromisoformat, ("2018-11-01 21:01:46.796", "2000-01-01", "2026-12-31 23:59:59.999"))
)


@pytest.mark.parametrize(
    "values", [TEXTS, NUMBERS, MOMENTS, (None, 1)], ids=["texts", "numbers", "moments", "none"]
)
def test_each_value_is_what_it_is(tmp_path: Path, values: tuple[Any, ...]) -> None:
    file = tmp_path / "a.xlsx"

    count = write_sheet(file, "songplay", ("value",), ((one,) for one in values))

    head, *cells = (row[0] for row in load_workbook(file)["songplay"].iter_rows())
    assert head.value == "value"
    found = [unescape(cell.value) if isinstance(cell.value, str) else cell.value for cell in cells]
    assert found == list(values)
    assert list(map(type, found)) == list(map(type, values))
    assert not any(cell.data_type == "f" for cell in cells)
    assert count == len(values)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("number", [10**15, -(10**15), 2**63 - 1, -(2**59) - 1])
def test_an_integer_that_a_spreadsheet_would_round_is_text(tmp_path: Path, number: int) -> None:
    write_sheet(tmp_path / "a.xlsx", "songplay", ("songplay_id",), [(number,)])

    assert load_workbook(tmp_path / "a.xlsx")["songplay"]["A2"].value == str(number)


def test_a_number_has_sixteen_digits(tmp_path: Path) -> None:
    write_sheet(tmp_path / "a.xlsx", "artists", ("latitude",), [(-122.4194150000001,), (0.1 + 0.2,)])

    found = load_workbook(tmp_path / "a.xlsx")["artists"]
    assert [found["A2"].value, found["A3"].value] == [-122.4194150000001, 0.3]


def test_what_a_sheet_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"row 2 of songs: title is longer than a cell of a spreadsheet"):
        write_sheet(tmp_path / "a.xlsx", "songs", ("title",), [("x",), ("x" * 32_768,)])

    require_rows("songplay", spreadsheet.MOST_ROWS)
    with pytest.raises(ConfigError, match="songplay has 1,048,576 rows, and a spreadsheet holds 1,048,575"):
        require_rows("songplay", spreadsheet.MOST_ROWS + 1)
