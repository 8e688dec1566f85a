"""Warehouses that other versions of the program made: tests/layouts holds one of each older layout."""

import datetime as dt
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sparkify.engines.base import Engine
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.errors import QueryError, WarehouseError
from sparkify.ledger import seal
from sparkify.ledger.digests import SEALED, read_digests, read_hashing
from sparkify.ledger.state import read_rules
from sparkify.load import rules, tables
from sparkify.load.checks import check_everything, check_seal
from sparkify.load.diff import digest_star
from sparkify.load.run import rebuild
from sparkify.load.tables import create_tables, migrate, prepare_tables, require_tables
from sparkify.load.undo import undo
from sparkify.progress import Silent
from sparkify.sql import Statement, schema, statements
from tests.builders import Noting, Run, Source, etl, logged_out, play, rejects, rows, song
from tests.conftest import ENGINES, ROOT

LAYOUTS = ROOT / "tests" / "layouts"
OLDER = range(1, tables.VERSION)
STAMP = 1_541_100_000_000_000_000


@pytest.fixture(params=ENGINES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without a table."""
    made: Engine
    if request.param == "duckdb":
        made = DuckDB(f"{tmp_path}/old.duckdb")
    else:
        made = request.getfixturevalue("cluster").connect(f"test_{uuid.uuid4().hex[:12]}")
    yield made
    made.close()


def fill(engine: Engine, source: Source, layout: int) -> None:
    """The warehouse that the program of this layout made of `source`."""
    for file in (
        source.log(play(0), play(1, song="BjÃ¶rk"), "{broken", logged_out(itemInSession=9)),
        source.song(song()),
        source.log(play(0), play(2, level="free"), day="2018-11-02"),
    ):
        os.utime(file, ns=(STAMP, STAMP))
    for ddl in sorted((LAYOUTS / str(layout)).glob("*.sql")):
        engine.execute(ddl.read_text())
    for name, held in json.loads((LAYOUTS / str(layout) / "rows.json").read_text()).items():
        columns = [
            column
            for (column,) in rows(
                engine,
                "SELECT column_name FROM information_schema.columns WHERE table_schema = CURRENT_SCHEMA() "
                f"AND table_name = '{name}' ORDER BY ordinal_position",
            )
        ]
        engine.insert(name, columns, [[_value(v, str(source.folder)) for v in row] for row in held])
    if seal.CHAIN in columns_of(engine):
        seal_again(engine)


def seal_again(engine: Engine) -> None:
    """The last seal, of other folders and another engine, as it would be of these tables."""
    last = seal.read_last(engine)
    assert last
    digests = {name: [one.rows, str(one.total)] for name, one in read_digests(engine, SEALED).items()}
    entry = last._replace(digests=json.dumps(digests), hashing=read_hashing(engine))
    engine.execute(
        f"UPDATE etl_seal SET digests = '{entry.digests}', hashing = '{entry.hashing}', "
        f"seal = '{entry.computed()}' WHERE seal_id = {last.seal_id}"
    )


def _value(value: Any, folder: str) -> Any:
    if isinstance(value, str):
        try:
            return dt.datetime.strptime(value, "%Y-%m-%d %H:%M:%S.%f")
        except ValueError:
            return value.replace("{source}", folder)
    return value


@pytest.mark.parametrize("layout", OLDER)
def test_an_older_warehouse_is_brought_up_to_date_and_goes_on(
    empty: Engine, source: Source, layout: int, tmp_path: Path
) -> None:
    fill(empty, source, layout)
    fresh = DuckDB(str(tmp_path / "fresh.duckdb"))
    create_tables(fresh)
    etl(fresh, source.folder)
    with pytest.raises(WarehouseError, match=rf"has layout {layout}, this program {tables.VERSION}\. "):
        require_tables(empty)

    prepare_tables(empty)

    assert read_rules(empty) == rules.rules_digest()
    assert etl(empty, source.folder).run_id is None
    assert digest_star(empty) == digest_star(fresh)
    assert rejects(empty) == rejects(fresh)
    assert all(verdict.passed for verdict in [*check_everything(empty), check_seal(empty)])
    undo(empty, 2, Noting())
    etl(empty, source.folder, also={"undone"})
    assert digest_star(empty) == digest_star(fresh)
    rebuild(empty, Silent())
    assert digest_star(empty) == digest_star(fresh)
    assert columns_of(empty) == {name: schema.table(name).column_names for name in schema.ALL}
    count = "SELECT COUNT(*) AS events, COUNT(songplay_id) AS plays FROM events"
    assert rows(empty, count) == rows(fresh, count)
    assert migrate(empty) == []
    fresh.close()


def test_the_views_of_an_older_layout_are_made_again(empty: Engine, source: Source) -> None:
    fill(empty, source, 4)
    empty.execute("UPDATE stg_events SET registration = 1540919166")

    prepare_tables(empty)

    [moment] = {moment for (moment,) in rows(empty, "SELECT registered_at FROM registrations")}
    assert moment == dt.datetime(2018, 10, 30, 17, 6, 6)


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("UPDATE stg_events SET first_name = 'Forged' WHERE record = 1", "stg_events"),
        ("UPDATE etl_reject SET raw_text = 'Forged'", "etl_reject"),
        ("UPDATE etl_version SET version = 5", "etl_version"),
    ],
)
def test_a_migration_seals_nothing_that_was_changed_by_hand(
    empty: Engine, source: Source, change: str, table: str
) -> None:
    """Whoever sets the version back has the next load migrate the warehouse."""
    fill(empty, source, 4)
    prepare_tables(empty)
    assert check_seal(empty).passed

    empty.execute(change)
    empty.execute("UPDATE etl_version SET version = 4")
    prepare_tables(empty)

    told = check_seal(empty).sentence()
    assert ("etl_version" in told, table in told) == (True, True), told
    rebuild(empty, Silent())
    assert ("etl_version" in check_seal(empty).sentence(), table in told) == (True, True)


def columns_of(engine: Engine) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, column in rows(
        engine,
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = CURRENT_SCHEMA() ORDER BY table_name, ordinal_position",
    ):
        if name in schema.ALL:
            found[name] = (*found.get(name, ()), column)
    return found


def test_a_migration_that_fails_leaves_the_older_warehouse_as_it_was(
    empty: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(empty, source, 1)
    before = columns_of(empty)
    broken = [*statements("migrations"), Statement("2_99_x", "", "ALTER TABLE nowhere ADD COLUMN a INTEGER")]
    monkeypatch.setattr(tables, "statements", {"migrations": broken}.__getitem__)

    with pytest.raises(QueryError, match="nowhere"):
        prepare_tables(empty)

    assert columns_of(empty) == before
    assert rows(empty, "SELECT MAX(version) AS version FROM etl_version") == [(1,)]


def test_a_view_of_the_users_own_with_one_of_our_names_stops_the_migration_and_is_named(
    empty: Engine, source: Source
) -> None:
    fill(empty, source, 3)
    before = columns_of(empty)
    empty.execute("CREATE VIEW events AS SELECT page, COUNT(*) AS n FROM stg_events GROUP BY page")

    with pytest.raises(WarehouseError, match=r"needs the name events for a view of its own"):
        prepare_tables(empty)
    assert columns_of(empty) == before

    empty.execute("DROP VIEW events")
    prepare_tables(empty)
    assert "songplay_id" in empty.query("SELECT * FROM events LIMIT 0").columns


def test_a_reader_says_how_an_older_warehouse_is_brought_up_to_date(
    run: Run, source: Source, tmp_path: Path
) -> None:
    old = DuckDB(f"{tmp_path}/sparkify.duckdb")
    fill(old, source, 1)
    old.close()

    asked = run("runs")
    made = run("tables", "create")

    assert (asked.returncode, asked.stderr.count("\n")) == (1, 1)
    assert "`sparkify tables create` brings it up to date" in asked.stderr
    assert made.returncode == 0, made.stderr
    assert run("runs").returncode == 0


def test_a_newer_warehouse_is_refused_by_whoever_writes(run: Run, loaded: Run, tmp_path: Path) -> None:
    newer = DuckDB(f"{tmp_path}/sparkify.duckdb")
    newer.execute("INSERT INTO etl_version (version) SELECT 99")
    newer.close()

    for command in (("etl", "--source", "music"), ("undo", "1"), ("tables", "create"), ("rebuild",)):
        done = run(*command)

        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert f"knows {tables.VERSION}. Use the newer sparkify; nothing" in done.stderr


@pytest.mark.parametrize("command", [("check",), ("etl", "--source", "music"), ("undo", "1"), ("runs",)])
def test_a_warehouse_that_lost_its_version_says_so(
    loaded: Run, tmp_path: Path, command: tuple[str, ...]
) -> None:
    with duckdb.connect(str(tmp_path / "sparkify.duckdb")) as connection:
        connection.execute("DROP TABLE etl_version")

    done = loaded(*command)

    assert done.returncode == 1
    assert done.stderr.startswith("sparkify: the warehouse lacks etl_version"), done.stderr


def test_a_warehouse_that_does_not_say_its_layout_is_refused(loaded: Run, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "sparkify.duckdb")) as connection:
        connection.execute("DELETE FROM etl_version")

    for command in (["etl", "--source", "music"], ["ask", "plays_by_day"], ["check"], ["tables", "create"]):
        done = loaded(*command)
        assert (done.returncode, done.stderr) == (
            1,
            "sparkify: etl_version has no row: something else than sparkify deleted it. "
            "Restore a copy of the warehouse.\n",
        )
