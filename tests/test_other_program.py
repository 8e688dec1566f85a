"""A warehouse and a program of another day: whoever opens it says in one line which of the two is older."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import sparkify
from sparkify.ask.explain import explain_play
from sparkify.ask.questions import ask, list_questions
from sparkify.engines.base import Engine
from sparkify.errors import WarehouseError
from sparkify.load.checks import check_seal, check_warehouse
from sparkify.load.diff import digest_star
from sparkify.load.tables import SHARED, VERSION, create_tables, prepare_tables, require_tables
from sparkify.sql import names, schema, statement
from tests.builders import Run, Source, etl, play, rows, song
from tests.programs import other_sql
from tests.test_new_column import EDITS, newer, on

Make = Callable[[], Engine]
STAGING_ALONE = {"tables/stg_events.sql": EDITS["tables/stg_events.sql"]}


@pytest.fixture
def loaded(warehouse: Engine, source: Source) -> Engine:
    source.log(play(0), on("d1", play(1)))
    source.song(song())
    etl(warehouse, source.folder)
    return warehouse


def test_a_column_that_is_new_in_staging_is_asked_of_nobody_before_it_is_added(
    loaded: Engine, tmp_path: Path
) -> None:
    says = (
        r"^stg_events lacks device_id, which this program \(sparkify \S+\) has: an older one made the "
        r"warehouse\. `sparkify tables create` brings it up to date, and so does the next load\.$"
    )
    with other_sql(tmp_path, STAGING_ALONE):
        for use in (require_tables, check_warehouse):
            with pytest.raises(WarehouseError, match=says):
                use(loaded)
        require_tables(loaded, SHARED)
        for question in list_questions():
            ask(loaded, question, None)

        create_tables(loaded)

        require_tables(loaded)
        assert rows(loaded, "SELECT device_id FROM stg_events ORDER BY 1 NULLS FIRST") == [(None,), ("d1",)]
        assert explain_play(loaded, 38_000_001).records[0].values["device_id"] == "d1"
        assert all(one.passed for one in check_warehouse(loaded))


def test_each_command_that_reads_says_so_in_one_line(run: Run, source: Source, tmp_path: Path) -> None:
    """The other program is this one, of which a column was dropped beforehand."""
    from sparkify.engines.duckdb.engine import DuckDB

    source.log(play(0))
    assert run("etl", "--source", "music").returncode == 0
    with_it = DuckDB(f"{tmp_path}/sparkify.duckdb")
    with_it.execute("ALTER TABLE stg_events DROP COLUMN method")
    with_it.close()

    for command in (
        ("check",), ("explain", "play", "38000000"), ("report",), ("plan", "--source", "music"), ("runs",),
        ("log",), ("forget", "--list"), ("diff", "sparkify.duckdb", "sparkify.duckdb"),
    ):  # fmt: skip
        done = run(*command)
        assert (done.returncode, done.stdout) == (1, ""), command
        assert "sparkify: stg_events lacks method, which" in done.stderr
        assert (done.stderr.count("sparkify: "), "Traceback" in done.stderr) == (1, False)
    assert run("ask", "most_played_songs").returncode == 0


@pytest.mark.parametrize("version", ["99.1.0", sparkify.__version__])
def test_an_older_program_refuses_a_column_of_a_newer_one_and_names_the_newer(
    loaded: Engine, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    with other_sql(tmp_path, STAGING_ALONE), monkeypatch.context() as patch:
        patch.setattr(sparkify, "__version__", version)
        prepare_tables(loaded)
    before = digest_star(loaded), rows(loaded, "SELECT MAX(seal_id) AS n FROM etl_seal")
    who = "sparkify 99.1.0" if version == "99.1.0" else "another sparkify"
    says = (
        r"^stg_events has the column device_id, which this program \(sparkify \S+\) does not know: "
        rf"{who} added it\. Use that version; nothing was changed\.$"
    )

    for use in (require_tables, prepare_tables, create_tables, check_warehouse):
        with pytest.raises(WarehouseError, match=says):
            use(loaded)

    assert (digest_star(loaded), rows(loaded, "SELECT MAX(seal_id) AS n FROM etl_seal")) == before
    require_tables(loaded, SHARED)


def test_a_warehouse_that_a_newer_program_made_names_it_too(
    new_warehouse: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sparkify, "__version__", "99.1.0")
        with other_sql(tmp_path, STAGING_ALONE):
            one = new_warehouse()
        with newer(tmp_path / "layout"):
            other = new_warehouse()

    with pytest.raises(WarehouseError, match=r"does not know: sparkify 99\.1\.0 added it"):
        prepare_tables(one)
    with pytest.raises(WarehouseError, match=r"knows \d+\. Use sparkify 99\.1\.0;"):
        prepare_tables(other)


def test_a_layout_that_was_brought_up_to_date_names_the_program_that_did_it(
    loaded: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with newer(tmp_path), monkeypatch.context() as patch:
        patch.setattr(sparkify, "__version__", "99.1.0")
        prepare_tables(loaded)

    with pytest.raises(WarehouseError, match=r"Use sparkify 99\.1\.0;"):
        prepare_tables(loaded)


def test_a_column_of_the_star_without_a_version_of_its_own_names_the_version(
    loaded: Engine, tmp_path: Path
) -> None:
    seals = rows(loaded, "SELECT COUNT(*) AS n FROM etl_seal")
    with other_sql(tmp_path, EDITS):
        for use in (require_tables, prepare_tables, create_tables, check_warehouse):
            with pytest.raises(WarehouseError, match=r"^songplay lacks device_id, .* raises VERSION in "):
                use(loaded)

    assert rows(loaded, "SELECT COUNT(*) AS n FROM etl_seal") == seals
    assert check_seal(loaded).passed


def test_a_column_that_somebody_added_to_the_star_by_hand_is_theirs(loaded: Engine, source: Source) -> None:
    loaded.execute("ALTER TABLE songplay ADD COLUMN note VARCHAR(9)")

    prepare_tables(loaded)
    source.log(play(2), day="2018-11-02")

    assert etl(loaded, source.folder).run_id
    assert all(one.passed for one in check_warehouse(loaded))


LAYOUT = {5: "784dc97038bda641"}
"""The digest of the star's and the ledger's columns, and of the views, in each layout; the latest stays."""
STAGING = "d9029fdc6fd5d8df"
"""The same of staging."""


def test_a_change_of_the_tables_comes_with_a_version() -> None:
    views = [" ".join(re.sub(r"--.*", "", statement("views", name).text).split()) for name in names("views")]

    assert {VERSION: digest(*columns(*schema.STAR, *schema.LEDGER), *views)} == LAYOUT, (
        "raise VERSION in sparkify/load/tables.py, write the migration, keep a warehouse of the version "
        "before in tests/layouts, and note the new digest here; a new view needs no version, "
        "since the next load makes it"
    )
    assert digest(*columns(*schema.STAGING)) == STAGING, (
        "a column that is only added to staging needs no version: note the new digest here. Any other change "
        "needs one, as those of other tables do"
    )


def columns(*tables: str) -> list[str]:
    found = [(name, one) for name in tables for one in schema.table(name).columns]
    return [f"{name}.{one.name} {one.type} {one.required}" for name, one in found]


def digest(*lines: str) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
