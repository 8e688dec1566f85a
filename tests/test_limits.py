"""Statements of somebody else have limits: time, disk, memory, rows; and cells that no spreadsheet runs."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sparkify.ask.address import MOST_ROWS
from sparkify.ask.dashboard import as_csv
from sparkify.ask.live import KEPT_BYTES, Asked, Live
from sparkify.ask.questions import find_question
from sparkify.cli.output import print_result
from sparkify.cli.report import open_live
from sparkify.config import Config
from sparkify.config import Warehouse as WarehouseSettings
from sparkify.engines.base import Result
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.engines.duckdb.opening import Limits
from sparkify.errors import QueryError, SparkifyError, WarehouseError
from tests.builders import Run

ENDLESS = "SELECT COUNT(*) FROM range(10000000000000) AS a, range(100000) AS b"


@pytest.fixture
def opened(tmp_path: Path) -> Any:
    file = f"{tmp_path}/w.duckdb"
    DuckDB(file).close()
    made: list[DuckDB] = []

    def make(**limits: Any) -> DuckDB:
        made.append(DuckDB(file, read_only=True, locked_down=True, memory="100MB", limits=Limits(**limits)))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


@pytest.mark.timeout(60)
def test_a_statement_that_takes_too_long_is_stopped_and_the_next_one_runs(
    opened: Callable[..., DuckDB],
) -> None:
    engine = opened(seconds=0.5)

    for ask in (engine.native, engine.query):
        with pytest.raises(QueryError, match=r"took more than 0\.5 s and was stopped"):
            ask(ENDLESS)

    assert engine.native("SELECT 7").rows == [(7,)]


def test_a_statement_fills_no_disk(opened: Callable[..., DuckDB]) -> None:
    engine = opened(spill="20MB")

    with pytest.raises(WarehouseError, match="out of memory or disk"):
        engine.native("SELECT random() AS a, random() AS b FROM range(30000000) ORDER BY a, b")
    with pytest.raises(QueryError, match="SET is refused"):
        engine.native("SET max_temp_directory_size = '90GB'")
    for kind in ("TEMP ", ""):
        with pytest.raises(QueryError, match="CREATE is refused"):
            engine.native(f"CREATE {kind}TABLE a AS SELECT random() AS a FROM range(30000000)")


def test_a_statement_fetches_no_more_rows_than_it_may(opened: Callable[..., DuckDB]) -> None:
    assert len(opened(rows=11).native("SELECT * FROM range(10000000000)").rows) == 11


@pytest.mark.timeout(120)
def test_what_a_server_takes_has_the_limits_of_the_configuration(loaded: Run, tmp_path: Path) -> None:
    """Of the dashboard and of mcp, which open the warehouse alike."""
    file = WarehouseSettings(file=f"{tmp_path}/sparkify.duckdb", timeout=1.0, spill="20MB", memory="100MB")
    live = open_live(Config(warehouse=file), names=False, sql_rows=11)
    wide = "SELECT random() AS a, random() AS b FROM range(30000000) ORDER BY a, b"

    with pytest.raises(QueryError, match=r"took more than 1 s and was stopped"):
        live.sql(ENDLESS)
    with pytest.raises(SparkifyError, match=r"out of memory or disk|took more than 1 s"):
        live.sql(wide)
    assert len(live.sql("SELECT * FROM range(10000000000)").rows) == 11
    assert live.sql("SELECT COUNT(*) FROM songplay").rows == [(2,)]


@pytest.mark.timeout(120)
def test_query_says_what_it_left_out_and_what_it_stopped(loaded: Run) -> None:
    some = loaded("query", "SELECT * FROM range(100000000000)", "--limit", "3")
    late = loaded("query", ENDLESS, "--timeout", "1")

    assert some.stdout.split() == ["range", "0", "1", "2"]
    assert some.stderr == "... and more: --limit 0 gives them all.\n"
    assert (late.returncode, late.stderr.count("\n")) == (1, 1)
    assert "took more than 1 s" in late.stderr


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_download_is_a_formula(start: str) -> None:
    text = f"{start}HYPERLINK(1)"

    found = as_csv(Result(("title", text), [(text, -5), ("a=b", None)]))

    assert list(csv.reader(io.StringIO(found, newline=""))) == [
        ["title", f"'{text}"],
        [f"'{text}", "-5"],
        ["a=b", ""],
    ]


@pytest.mark.parametrize("cell", ["x;=HYPERLINK(1)", "x\t=HYPERLINK(1)", "x, =y", 'x";=y'])
def test_a_text_is_one_cell_whatever_separates_them(cell: str) -> None:
    for separator in ",;\t":
        found = as_csv(Result(("title",), [(cell,)]))

        assert list(csv.reader(io.StringIO(found, newline=""), delimiter=separator)) == [["title"], [cell]]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT repeat('x', 1_000_000) FROM range(1000)",
        "SELECT [repeat('x', 100_000)] AS a, {'b': repeat('y', 100_000)} AS c FROM range(10_000)",
        "SELECT * FROM range(30_000_000)",
    ],
)
@pytest.mark.parametrize("rows", [0, 1_000_000])
def test_the_rows_of_an_answer_take_no_more_memory_than_they_may(
    opened: Callable[..., DuckDB], sql: str, rows: int
) -> None:
    engine = opened(rows=rows)

    with pytest.raises(QueryError, match=r"the answer takes more than 50 MB\. .*\[WAREHOUSE\] MEMORY"):
        engine.native(sql)

    assert engine.native("SELECT 7").rows == [(7,)]


def test_a_dashboard_keeps_no_large_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    live = Live(lambda _: DuckDB(":memory:"), lambda _: None)
    monkeypatch.setattr(live, "newest", lambda: 1)
    found = {1: Result(("a",), [("x" * KEPT_BYTES,)]), 2: Result(("a",), [("x",)])}
    monkeypatch.setattr("sparkify.ask.live.ask", lambda _, __, limit, *___: found[limit])
    large, small = (Asked(find_question("rejects"), limit) for limit in (1, 2))

    assert live.answer(large).rows == found[1].rows
    assert live.answer(small).rows == found[2].rows

    assert list(live._answers) == [small]


def test_a_browser_is_sent_no_endless_page() -> None:
    from starlette.requests import Request

    from sparkify.ask.address import read_asked

    def asked(query: str) -> int | None:
        app = SimpleNamespace(state=SimpleNamespace(questions=""))
        scope = {"type": "http", "query_string": query.encode(), "headers": [], "app": app}
        return read_asked(Request(scope), "most_played_songs").limit

    assert [asked(query) for query in ("", "limit=7", "limit=0", "limit=999999999")] == [
        100, 7, MOST_ROWS, MOST_ROWS,
    ]  # fmt: skip


def test_a_carriage_return_within_a_cell_ends_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    print_result(Result(("x", "y"), [("a\rb", 1), ("c", 2)]), "csv")

    assert capsys.readouterr().out == 'x,y\n"a\rb",1\nc,2\n'
