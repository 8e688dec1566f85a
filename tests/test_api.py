"""The Python API: what its methods return, what they raise, and that they hold nothing."""

import datetime as dt
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType

import duckdb
import numpy as np
import pytest

import sparkify
from sparkify.answer import Answer
from sparkify.api import plan_load
from sparkify.errors import BusyError, ConfigError, LoadError, QueryError
from tests.builders import Run, Source, play, song

DAY = dt.date(2018, 11, 1)


@pytest.fixture
def warehouse(source: Source, tmp_path: Path) -> sparkify.Warehouse:
    """A warehouse of three plays: two of Undo, free and paid, and one of Revelry on the next day."""
    source.log(play(0), play(1, level="free"), day="2018-11-01")
    source.log(play(2, song="Revelry", ts=1541205830796), day="2018-11-03")
    source.song(song())
    found = sparkify.connect(tmp_path / "w.duckdb")
    found.load(source.folder)
    return found


def library(name: str) -> ModuleType:
    """A library of data frames; whoever develops sparkify has them all."""
    if os.environ.get("CI"):
        return __import__(name)
    found: ModuleType = pytest.importorskip(name)
    return found


def test_a_load_tells_what_it_did_and_the_second_has_nothing_to_do(
    warehouse: sparkify.Warehouse, source: Source
) -> None:
    source.log(play(5), "not JSON", day="2018-11-04")

    summary, again = (warehouse.load(source.folder) for _ in range(2))

    assert (summary.run_id, summary.records.loaded, summary.records.rejected) == (2, 1, 1)
    assert summary.rows["songplay"] == 4
    assert again.run_id is None
    assert warehouse.rejects(run=2).rows[0][-1] == "not JSON"
    assert [row["run_id"] for row in warehouse.runs()] == [2, 1]


def test_an_answer_has_columns_rows_and_names(warehouse: sparkify.Warehouse) -> None:
    answer = warehouse.ask("most_played_songs")

    assert list(answer) == [
        {"title": "Undo", "artist": "Nightbirds", "plays": 2},
        {"title": "Revelry", "artist": "Nightbirds", "plays": 1},
    ]
    assert len(answer) == 2
    assert repr(answer).splitlines()[1] == "Undo      Nightbirds   2"
    assert warehouse.ask("most_played_songs", level="free", last=DAY).rows == [("Undo", "Nightbirds", 1)]
    assert len(warehouse.ask("most_played_songs", limit=1)) == 1
    assert "most_played_songs" in {row["question"] for row in warehouse.questions}


def test_an_answer_becomes_a_data_frame(warehouse: sparkify.Warehouse) -> None:
    answer = warehouse.sql("SELECT title, level, length, start_time FROM songplay ORDER BY songplay_id")
    for name in ("pandas", "polars", "pyarrow"):
        library(name)

    assert list(answer.df().itertuples(index=False, name=None)) == answer.rows
    assert answer.pl().rows() == answer.rows
    assert answer.arrow().to_pylist() == list(answer)
    assert duckdb.sql("SELECT COUNT(*) FROM answer").fetchall() == [(3,)]  # by the PyCapsule interface
    gaps = warehouse.sql("SELECT unnest([9007199254740993, NULL]) AS id, unnest([1.5, NULL]) AS id")
    assert gaps.df().iloc[0, 0] == 9007199254740993
    assert list(gaps.df().columns) == gaps.arrow().column_names == ["id", "id"]
    assert gaps.arrow().column(0).to_pylist() == [9007199254740993, None]
    nothing = warehouse.sql("SELECT title FROM songplay WHERE FALSE")
    assert (len(nothing.df()), nothing.pl().columns, nothing.arrow().num_rows) == (0, ["title"], 0)


def test_without_the_library_the_error_says_what_to_install(
    warehouse: sparkify.Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)

    with pytest.raises(ConfigError, match="pip install polars"):
        warehouse.ask("most_played_songs").pl()


def test_what_a_notebook_shows_is_escaped_and_not_endless(warehouse: sparkify.Warehouse) -> None:
    shown = warehouse.sql("SELECT '<b>' AS \"<i>\", NULL AS n FROM range(25)")._repr_html_()

    assert "<b>" not in shown
    assert "<i>" not in shown
    assert "&lt;b&gt;</td><td>-</td>" in shown
    assert shown.endswith("<p>... and 5 more</p>")


def test_an_answer_in_a_notebook_has_the_picture_of_its_rows(warehouse: sparkify.Warehouse) -> None:
    odd = "<b>&" + "x" * 99
    rows = [("2018-11-01", None), ("2018-11-02", 3), ("2018-11-04", -1)]
    days = [(dt.date.fromisoformat(day), number) for day, number in rows]
    for answer, marks in (
        (warehouse.ask("plays_by_day", limit=None), 2),
        (Answer(("name", "plays"), [(odd, 3), ("y", -2), ("z", None)]), 3),
        (Answer(("day", "plays"), days), 2),
        (Answer(("day", "plays"), [(day, 0) for day, _ in days]), 2),
        (Answer(("weekday", "hour", "plays"), [(0, 5, 1.5), (6, 23, None)], clock="Asia/Tokyo"), 2),
        (Answer(("text",), [("a",), ("b",)]), 0),
        (Answer(("name", "plays"), []), 0),
    ):
        html = answer._repr_html_()
        drawn = re.findall("<svg.*</svg>", html)
        assert len(drawn) == bool(marks), html
        for svg in drawn:
            found = ET.fromstring(svg)
            shapes = [one for one in found.iter() if one.tag.endswith(("rect", "polyline"))]
            assert len(shapes) == marks, svg
            assert all(float(one.get("width", 0)) >= 0 for one in shapes)
        assert ("hour (Asia/Tokyo)" in html) == (answer.clock == "Asia/Tokyo")


def test_a_summary_in_a_notebook_is_a_table_of_what_the_run_did(
    warehouse: sparkify.Warehouse, source: Source
) -> None:
    source.log(play(9), "{broken", day="2018-11-05")

    run, nothing = (warehouse.load(source.folder)._repr_html_() for _ in range(2))

    assert "<caption>Run 2</caption>" in run
    assert "<th>records</th><td>2 read = 1 loaded + 0 duplicate + 1 rejected</td>" in run
    assert "<td>4 songplay · 1 users" in run
    assert "<caption>Nothing to do</caption>" in nothing
    assert "records" not in nothing


def test_a_plan_names_what_is_new_and_what_is_not_loaded(
    warehouse: sparkify.Warehouse, source: Source
) -> None:
    source.log(play(9), day="2018-11-05")
    (source.folder / "log_data" / "notes.txt").write_text("mine")

    states = [row["state"] for row in warehouse.plan(source.folder)]

    assert sorted(states) == ["known"] * 3 + ["new", "passed over"]
    assert {row["state"] for row in sparkify.connect("none.duckdb").plan(source.folder)} == {
        "new", "passed over"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["none", "empty", "w"])
def test_a_plan_warns_of_a_missing_day_whatever_there_is_yet(
    warehouse: sparkify.Warehouse, source: Source, tmp_path: Path, name: str
) -> None:
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    source.log(play(9), day="2018-11-06")
    settings = {"s3.source": str(source.folder)}

    found = plan_load(sparkify.connect(tmp_path / f"{name}.duckdb", settings=settings).config)

    days = "2 days, the first 2018-11-04" if name == "w" else "3 days, the first 2018-11-02"
    assert [one.kind for one in found.warned] == ["missing_day"]
    assert found.warned[0].message.startswith(f"no log is named for {days},")


def test_a_run_can_be_undone_and_checks_pass_before_and_after(
    warehouse: sparkify.Warehouse, source: Source
) -> None:
    assert all(verdict.passed for verdict in warehouse.check())
    assert {"songplay_unique", "rules", "seal"} <= {verdict.name for verdict in warehouse.check()}

    assert warehouse.undo(1).rows["songplay"] == 0

    assert all(verdict.passed for verdict in warehouse.check())
    assert warehouse.load(source.folder).run_id is None
    assert warehouse.load(source.folder, retry=True).rows["songplay"] == 3


def test_what_is_wrong_is_an_error_with_the_line_of_the_command_line(
    warehouse: sparkify.Warehouse, source: Source, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="Did you mean most_played_songs"):
        warehouse.ask("most_played_song")
    with pytest.raises(ConfigError, match="runs takes no level"):
        warehouse.ask("runs", level="free")
    with pytest.raises(QueryError, match="DELETE is refused"):
        warehouse.sql("DELETE FROM songplay")
    with pytest.raises(QueryError, match="and no file"):
        warehouse.sql("SELECT * FROM read_text('/etc/hostname')")
    with pytest.raises(ConfigError, match="there is no warehouse"):
        sparkify.connect(tmp_path / "none.duckdb").runs()
    with pytest.raises(ConfigError, match="no source"):
        warehouse.load()
    with pytest.raises(ConfigError, match="is not a setting"):
        sparkify.connect(settings={"etl.colour": "red"})
    source.log(play(3), play(4, ts="never"), day="2018-11-06")
    with pytest.raises(LoadError, match="reject"):
        warehouse.load(source.folder, max_rejects="0")
    assert warehouse.ask("holdings").rows
    assert issubclass(LoadError, sparkify.SparkifyError)


WRONG: list[tuple[str, dict[str, object]]] = [
    ("ask", {"level": "gold"}), ("ask", {"level": ""}), ("ask", {"limit": "5"}), ("ask", {"limit": 1.5}),
    ("ask", {"limit": -1}), ("ask", {"limit": True}), ("ask", {"first": "2018-11-01"}),
    ("ask", {"first": dt.datetime(2018, 11, 1, 12)}), ("ask", {"params": None}),
    ("ask", {"question": 5}), ("ask", {"title": 5}),
    ("ask", {"first": dt.date(2018, 11, 2), "last": DAY}),
    ("load", {"source": "music", "first": dt.date(2018, 11, 2), "last": DAY}),
    ("rejects", {"run": 99}), ("rejects", {"run": -1}), ("rejects", {"run": 2**70}),
    ("ask", {"params": {"a": 1}}), ("sql", {"query": b""}),
    ("sql", {"query": "SELECT 1", "limit": -1}), ("ask", {"params": {"a": None}}),
    ("ask", {"artist": "\ud800"}), ("sql", {"query": "SELECT '\ud800'"}),
    ("undo", {"run": 1, "progress": 3}), ("load", {"progress": 3}), ("report", {"out": "a\0b"}),
    ("export", {"out": "a\0b"}), ("export", {"out": "x" * 300}), ("report", {"out": ""}),
    ("undo", {"run": True}), ("undo", {"run": "1"}), ("load", {"changed": "x"}),
    ("load", {"strict": "no"}),
    ("load", {"max_rejects": 5}), ("load", {"source": 5}), ("export", {"out": "x", "format": "xml"}),
    ("report", {"out": None}), ("report", {"names": "yes"}), ("rejects", {"run": "1"}),
    ("plan", {"source": b"a"}),
]  # fmt: skip


def test_a_wrong_argument_is_named_and_nothing_is_done(warehouse: sparkify.Warehouse) -> None:
    before = Path(warehouse.config.warehouse.file).read_bytes()
    for method, given in WRONG:
        with pytest.raises(ConfigError) as told:
            getattr(warehouse, method)(
                **({"question": "most_played_songs"} | given if method == "ask" else given)
            )

        name, value = [*given.items()][-1]
        said = str(told.value)
        assert name in said or "cannot be written" in said or "is later than" in said or repr(value) in said
        assert "\n" not in said
        assert Path(warehouse.config.warehouse.file).read_bytes() == before, (method, given)


def test_what_may_be_given_is_taken(warehouse: sparkify.Warehouse) -> None:
    assert len(warehouse.ask("most_played_songs", limit=0)) == len(
        warehouse.ask("most_played_songs", limit=None)
    )
    assert len(warehouse.ask("most_played_songs", limit=np.int64(1))) == 1
    assert warehouse.ask("most_played_songs", first=DAY, last=DAY, level="free").rows
    assert len(warehouse.sql("SELECT * FROM songplay", limit=0)) == 3


def test_nothing_is_held_between_calls(warehouse: sparkify.Warehouse, source: Source) -> None:
    """While the object lives, another process loads into the same file."""
    source.log(play(7), day="2018-11-07")
    command = [sys.executable, "-m", "sparkify", "etl", "--source", str(source.folder), "--wait", "0"]

    done = subprocess.run(
        [*command, "--warehouse", warehouse.config.warehouse.file],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, "1 new" in done.stdout) == (0, True), done.stderr
    assert warehouse.sql("SELECT COUNT(*) FROM songplay").rows == [(4,)]


def test_a_warehouse_that_another_process_holds_is_busy(warehouse: sparkify.Warehouse) -> None:
    file = warehouse.config.warehouse.file
    holder = f"import duckdb, sys; c = duckdb.connect({file!r}); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdin
        process.stdout.readline()
        hasty = sparkify.connect(file, settings={"warehouse.wait": 0})

        with pytest.raises(BusyError, match="held by another process"):
            hasty.runs()
        process.stdin.close()


def test_the_report_is_one_file(warehouse: sparkify.Warehouse, tmp_path: Path) -> None:
    page = warehouse.report(tmp_path / "page.html")

    assert page.read_text().startswith("<!doctype html>")
    assert warehouse.report(page) == page
    log = next((tmp_path / "music/log_data").rglob("*.json"))
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "w.snapshot.duckdb").unlink(missing_ok=True)
    names = (
        "w.duckdb",
        "w.duckdb.wal",
        "w.duckdb.lock",
        "w.snapshot.duckdb",
        "notes.txt",
        log,
        tmp_path,
        "no/page.html",
    )
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for name in names:
        with pytest.raises(ConfigError, match=r"cannot be written|lies in the source"):
            warehouse.report(tmp_path / name)
    for name in ("w.duckdb.wal", "w.snapshot.duckdb", "w.duckdb.lock"):
        with pytest.raises(ConfigError, match=r"warehouse's own name, of w\.duckdb"):
            warehouse.export(tmp_path / name, "duckdb")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_to_import_it_costs_the_command_line_nothing() -> None:
    script = "import sys, sparkify.cli.main; print('sparkify.api' in sys.modules, 'sqlglot' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "False"]


def test_a_load_that_is_refused_before_its_run_begins_leaves_its_row_too(loaded: Run, tmp_path: Path) -> None:
    warehouse = sparkify.connect(f"{tmp_path}/sparkify.duckdb", settings={"etl.play_page": "Home"})

    with pytest.raises(ConfigError, match="was built with"):
        warehouse.load(tmp_path / "music")

    assert "refused" in loaded("runs", "--format", "csv").stdout


def test_values_that_a_library_has_no_type_for_are_not_made_others() -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    zone = dt.timezone(dt.timedelta(hours=2))
    rows = [(2**63 + 1, {1: "a"}, dt.time(10, tzinfo=zone)), (1, {2: "b"}, None), (None, None, None)]
    answer = Answer(("huge", "map", "at"), rows)

    assert list(answer.df()["huge"]) == [2**63 + 1, 1, None]
    assert answer.arrow().column("huge").to_pylist() == ["9223372036854775809", "1", None]
    assert answer.arrow().column("at").to_pylist()[0] == "10:00:00+02:00"
    assert Answer(("at",), [row[2:] for row in rows]).pl()["at"].to_list()[0] == "10:00:00+02:00"
