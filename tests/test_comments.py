"""What each table, view and column is, is said in the database, and stays there."""

import contextlib
from pathlib import Path

import duckdb

from sparkify.engines.base import Engine
from sparkify.load.comments import create_warehouse
from sparkify.load.forget import forget
from sparkify.sql import schema
from tests.builders import Noting, Run, Source, etl, play
from tests.clusters import Cluster


def told(engine: Engine) -> dict[str, str]:
    """Comments by "table" or "table.column", as a client of each engine reads them."""
    found = engine.native(
        "SELECT table_name, comment FROM duckdb_tables() "
        "UNION ALL SELECT view_name, comment FROM duckdb_views() "
        "UNION ALL SELECT table_name || '.' || column_name, comment FROM duckdb_columns()"
        if engine.name == "duckdb"
        else "SELECT c.relname || COALESCE('.' || a.attname, ''), d.description FROM pg_description AS d "
        "JOIN pg_class AS c ON c.oid = d.objoid JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "LEFT JOIN pg_attribute AS a "
        "ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0 "
        "WHERE n.nspname = CURRENT_SCHEMA()"
    ).rows
    return {str(name): str(text) for name, text in found if text}


def test_every_table_view_and_column_of_the_star_has_its_comment(warehouse: Engine, source: Source) -> None:
    create_warehouse(warehouse)
    create_warehouse(warehouse)
    source.log(play())
    etl(warehouse, source.folder)

    forget(warehouse, 15, Noting())  # which writes the file again

    wanted = {name: schema.table(name).meaning for name in schema.ALL}
    wanted |= {
        f"{name}.{one.name}": one.meaning for name in schema.STAR for one in schema.table(name).columns
    }
    wanted |= {name: schema.view(name)[0] for name in schema.VIEWS}
    wanted |= {f"{name}.{column}": said for name in schema.VIEWS for column, said in schema.view(name)[1]}
    assert told(warehouse) == wanted


def test_a_first_load_writes_them(loaded: Run, tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "sparkify.duckdb") as connection:
        found = connection.sql("SELECT comment FROM duckdb_columns() WHERE table_name = 'users'").fetchall()

    assert found == [(one.meaning,) for one in schema.table("users").columns]


def test_a_comment_of_ones_own_leaves_the_design_of_a_table_as_it_is(cluster: Cluster) -> None:
    with contextlib.closing(cluster.connect("commented")) as engine:
        engine.native("CREATE TABLE sales (a INTEGER, b INTEGER) DISTKEY (a) SORTKEY (b)")
        engine.native("COMMENT ON TABLE sales IS 'what was sold'")

        design = "SELECT diststyle, sortkey1 FROM svv_table_info WHERE \"table\" = 'sales'"
        assert engine.native(design).rows == [("KEY(a)", "b")]
        assert told(engine) == {"sales": "what was sold"}
