"""What `query` prints is what the database holds, also where Python has no such value."""

import json
from pathlib import Path

import duckdb
import pytest

import sparkify
from sparkify.config import Config, Warehouse
from tests.builders import Run, Source, play

ODD = [
    "INTERVAL '1 year 1 day'", "INTERVAL '-13 months 2 days 3.5 seconds'",
    "age(TIMESTAMP '2018-12-01', TIMESTAMP '2018-11-01')", "TIMESTAMP 'infinity'", "TIMESTAMP '-infinity'",
    "DATE 'infinity'", "DATE '-infinity'", "TIMESTAMPTZ 'infinity'", "TIMESTAMP_S 'infinity'",
    "TIMESTAMP_NS '2018-01-01 00:00:00.123456789'", "TIME_NS '01:02:03.123456789'",
    "[INTERVAL '1 month']", "{'a': DATE 'infinity'}", "MAP {1: [TIMESTAMP '-infinity']}",
    "union_value(a := INTERVAL '1 month')", "DATE '290000-01-01'", "DATE '0044-03-15 (BC)'",
    "TIME '24:00:00'",
]  # fmt: skip
"""Of each kind of time; the oracle is DuckDB's own text."""


@pytest.mark.parametrize("value", ODD)
def test_a_value_that_python_has_not_is_printed_as_duckdb_writes_it(
    run: Run, source: Source, value: str
) -> None:
    source.log(play(0))
    assert run("etl", "--source", "music").returncode == 0
    sql = f"SELECT n, {value} AS x, {value} AS x FROM range(3) AS r(n) ORDER BY n DESC -- ;\n; -- of each"

    [written] = duckdb.sql(f"SELECT CAST({value} AS VARCHAR)").fetchall()
    printed = json.loads(run("query", "--format", "json", sql).stdout)

    expected = [{"n": n, "x": written[0], "x_2": written[0]} for n in (2, 1, 0)]
    assert [{name: str(v) if name != "n" else v for name, v in row.items()} for row in printed] == expected


def test_a_year_that_python_has_is_a_moment_all_the_same(run: Run, source: Source, tmp_path: Path) -> None:
    source.log(play(0))
    assert run("etl", "--source", "music").returncode == 0
    warehouse = sparkify.connect(Config(warehouse=Warehouse(file=str(tmp_path / "sparkify.duckdb"))))

    found = warehouse.sql("SELECT DATE '9999-12-31' AS a, TIMESTAMP '0001-01-01' AS b, 1 AS c").rows

    assert [(value.year if hasattr(value, "year") else value) for value in found[0]] == [9999, 1, 1]
