"""What somebody puts into a DuckDB file beside tables: it is found before it makes an answer another one."""

from pathlib import Path

import duckdb
import pytest

from sparkify.engines.duckdb.engine import DuckDB
from sparkify.errors import WarehouseError
from sparkify.load.checks import check_warehouse
from sparkify.load.tables import create_tables
from sparkify.sql import schema
from tests.builders import Run, Source, play
from tests.torture import times


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A warehouse without rows."""
    with_tables = DuckDB(str(tmp_path / "w.duckdb"))
    create_tables(with_tables)
    with_tables.close()
    return tmp_path / "w.duckdb"


def alter(file: Path, *statements: str) -> None:
    with duckdb.connect(str(file)) as connection:
        for sql in statements:
            connection.execute(sql)


def failed(file: Path) -> dict[str, str]:
    """The checks that fail, each with what it says."""
    engine = DuckDB(str(file), read_only=True, locked_down=True)
    try:
        return {one.name: one.sentence() for one in check_warehouse(engine) if not one.passed}
    finally:
        engine.close()


@pytest.mark.parametrize(
    ("create", "drop"),
    [
        ("CREATE MACRO hash(x) AS 42", 'DROP MACRO "hash"'),
        ("CREATE MACRO SUM(x) AS 42", 'DROP MACRO "SUM"'),
        ('CREATE MACRO "+"(x, y) AS 42', 'DROP MACRO "+"'),
        ("CREATE MACRO read_json(x) AS TABLE SELECT 42", 'DROP MACRO TABLE "read_json"'),
        ("CREATE MACRO duckdb_functions() AS TABLE SELECT 1 AS a", 'DROP MACRO TABLE "duckdb_functions"'),
    ],
)
@pytest.mark.parametrize("read_only", [True, False])
def test_what_changes_our_statements_is_named_and_refused(
    file: Path, create: str, drop: str, read_only: bool
) -> None:
    alter(file, create)

    with pytest.raises(WarehouseError) as caught:
        DuckDB(str(file), read_only=read_only)

    assert f"say {drop}; nothing was changed" in str(caught.value)
    alter(file, drop)
    DuckDB(str(file), read_only=read_only).close()


@pytest.mark.skipif(duckdb.__version__ < "2", reason="DuckDB has triggers from 2.0 on")
def test_a_trigger_is_named_and_refused(file: Path) -> None:
    newer = file.with_name("newer.duckdb")  # files of version 1.4.0, as ours are, can have none
    alter(
        newer.with_name("any.duckdb"),
        f"ATTACH '{file}' AS old (READ_ONLY)",
        f"ATTACH '{newer}' AS newer (STORAGE_VERSION 'v2.0.0')",
        "COPY FROM DATABASE old TO newer",
    )
    assert not failed(newer)
    alter(newer, "CREATE TRIGGER t AFTER INSERT ON stg_events FOR EACH STATEMENT DELETE FROM etl_reject")

    with pytest.raises(WarehouseError, match=r'the trigger t on stg_events.* say DROP TRIGGER "t" ON "stg_'):
        DuckDB(str(newer))


def test_a_load_and_a_check_refuse_a_macro_in_a_line(run: Run, source: Source) -> None:
    source.log(play(1))
    assert run("etl", "--source", str(source.folder)).returncode == 0
    alter(source.folder.parent / "sparkify.duckdb", "CREATE MACRO md5(x) AS 'x'")

    for command in (("etl", "--source", str(source.folder)), ("check",)):
        done = run(*command)

        assert done.returncode == 1
        assert done.stderr.startswith("sparkify: sparkify.duckdb holds the macro md5, which hides DuckDB's")
        assert done.stderr.count("\n") == 1


def test_a_collation_of_any_column_of_text_is_named_and_refused(file: Path) -> None:
    texts = [
        (name, one.name) for name in schema.ALL for one in schema.table(name).columns if one.kind == "text"
    ]
    assert len(texts) > 40
    for name, column in texts[:: times(4, 1)]:
        try:
            alter(file, f"ALTER TABLE {name} ALTER {column} TYPE VARCHAR COLLATE NOCASE")
        except duckdb.Error:  # of a column of a key, which DuckDB does not change
            continue

        for read_only in (True, False):
            with pytest.raises(
                WarehouseError, match=f'a collation of {name}."?{column}"?, .*ALTER TABLE {name}'
            ) as told:
                DuckDB(str(file), read_only=read_only)

        alter(file, str(told.value).partition(" and say ")[2].partition(";")[0])
        DuckDB(str(file)).close()


def test_no_name_of_a_column_hides_a_collation(file: Path) -> None:
    for before, after in (("a'", "b'"), ("a''", '"'), ('"', "x COLLATE y")):
        first, last = (f'"{name.replace(chr(34), chr(34) * 2)}"' for name in (before, after))
        alter(
            file,
            f"CREATE TABLE n AS SELECT 1 AS {first}, "
            f"* REPLACE (artist_name COLLATE nocase AS artist_name), 1 AS {last} FROM songplay",
            "ALTER TABLE songplay RENAME TO held",
            "ALTER TABLE n RENAME TO songplay",
        )
        with pytest.raises(WarehouseError, match=r"a collation of songplay\.artist_name"):
            DuckDB(str(file))
        alter(file, "DROP TABLE songplay", "ALTER TABLE held RENAME TO songplay")
    alter(
        file, """ALTER TABLE songplay ADD COLUMN "x COLLATE y" VARCHAR DEFAULT 'a VARCHAR COLLATE nocase'"""
    )
    DuckDB(str(file)).close()


def test_a_column_that_our_statements_would_take_for_theirs_is_refused(
    run: Run, source: Source, tmp_path: Path
) -> None:
    source.log(play(0))
    assert run("etl", "--source", "music").returncode == 0
    for name in ("songs", "artists", "songplay"):
        alter(tmp_path / "sparkify.duckdb", f"ALTER TABLE {name} ADD COLUMN folded_title VARCHAR")
        for command in (("etl", "--source", "music"), ("check",)):
            done = run(*command)
            assert (done.returncode, done.stderr.count("\n")) == (1, 1), (name, command)
            assert f"ALTER TABLE {name} DROP COLUMN folded_title" in done.stderr
        alter(tmp_path / "sparkify.duckdb", f"ALTER TABLE {name} DROP COLUMN folded_title")
        alter(tmp_path / "sparkify.duckdb", f"ALTER TABLE {name} ADD COLUMN mine VARCHAR")
    assert run("check").returncode == 0


def test_macros_that_hide_nothing_are_left_alone(file: Path) -> None:
    alter(file, "CREATE MACRO of_mine(x) AS x", "CREATE SCHEMA mart", "CREATE MACRO mart.sum(x) AS 42")

    assert not failed(file)


@pytest.mark.parametrize("what", ["TABLE Duckdb_Views", "VIEW sqlite_master"])
def test_a_table_that_hides_duckdbs_own_is_named_with_the_way_out(file: Path, what: str) -> None:
    """The information schema would read it, and every command would end with an error of DuckDB's."""
    alter(file, f"CREATE {what} AS SELECT 1 AS x")
    kind, name = what.split()

    with pytest.raises(
        WarehouseError, match=f'hides DuckDB.s own. Open it with DuckDB .* DROP {kind} "{name}"'
    ):
        DuckDB(str(file))
    alter(file, f"DROP {what}")
    assert not failed(file)


@pytest.mark.parametrize("name", ["temp", "system", "main2", "memory"])
def test_a_schema_of_any_name_is_left_alone(file: Path, name: str) -> None:
    alter(file, f"CREATE SCHEMA w.{name}", f"CREATE TABLE w.{name}.mine (level VARCHAR)")

    assert not failed(file)


def test_a_file_called_as_a_schema_of_duckdb_is_no_warehouse(
    run: Run, source: Source, tmp_path: Path
) -> None:
    source.log("a", [play()])
    for name in ("Information_Schema.duckdb", "a?b.duckdb"):
        done = run("etl", "--source", "music", "--warehouse", name)

        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert f"{name} cannot be a warehouse: DuckDB" in done.stderr
        assert not (tmp_path / name).exists()
    for name in ("system", "a'b"):
        done = run("etl", "--source", "music", "--warehouse", f"{name}.duckdb")
        assert done.returncode == 0, (name, done.stderr)


@pytest.mark.parametrize("name", schema.VIEWS)
def test_a_view_of_another_text_is_named(file: Path, name: str) -> None:
    with duckdb.connect(str(file)) as connection:
        found = connection.execute("SELECT sql FROM duckdb_views() WHERE view_name = ?", [name]).fetchall()
    body = found[0][0].partition(" AS ")[2].rstrip(";")

    alter(file, f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM ({body}) WHERE 1 = 0")

    assert list(failed(file)) == ["layout"]
    assert f"{name}: another program or somebody made this view" in failed(file)["layout"]


@pytest.mark.parametrize(
    "alteration", ["user_id TYPE INTEGER", "level TYPE BLOB", "first_name SET DEFAULT 'Ada'"]
)
def test_a_column_of_another_type_or_default_is_named(file: Path, alteration: str) -> None:
    alter(file, f"ALTER TABLE users ALTER {alteration}", "ALTER TABLE songs ADD COLUMN mine INTEGER")

    assert failed(file)["layout"].startswith("layout failed: users: a column has another type or default")
    assert "songs" not in failed(file)["layout"]
