"""A warehouse, written again by a process that never held what was deleted: FILE FRESH VERSION MEMORY.

DuckDB fills the ends of what it writes with whatever its memory held before: up to seven bytes of a name that
was erased just now would stand in the new file.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb

from sparkify.engines.dialect import duckdb_text
from sparkify.engines.duckdb.read import quoted

COMMENTS = (
    "SELECT c.schema_name, c.table_name, c.column_name, c.comment FROM duckdb_columns() AS c "
    "JOIN duckdb_views() AS v ON v.view_oid = c.table_oid AND v.database_name = c.database_name "
    "WHERE c.database_name = 'stood' AND c.comment IS NOT NULL"
)
"""What DuckDB 2.0 does not copy: comments on columns of views."""


def rewrite(file: str, fresh: Path, version: str, memory: str) -> None:
    """Copy what stands in a closed warehouse to a new file. Raises duckdb.Error.

    The process imports nothing from the current folder (-P), which may hold anything, and what this one does.
    """
    command = [sys.executable, "-P", "-m", __name__, file, str(fresh), version, memory]
    paths = [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise duckdb.IOException(lines[-1] if lines else f"the process ended with {done.returncode}")


def main(file: str, fresh: str, version: str, memory: str) -> None:
    settings: dict[str, Any] = {"temp_directory": str(Path(fresh).parent)}
    with duckdb.connect(
        ":memory:", config=settings | ({"memory_limit": memory} if memory else {})
    ) as connection:
        connection.execute(f"ATTACH {duckdb_text(file)} AS stood (READ_ONLY)")
        connection.execute(f"ATTACH {duckdb_text(fresh)} AS fresh (STORAGE_VERSION {duckdb_text(version)})")
        # There a table's checks, defaults and indexes find the macros of the file.
        connection.execute("USE stood")
        connection.execute("COPY FROM DATABASE stood TO fresh")
        connection.execute("USE memory")
        for schema, view, column, comment in connection.execute(COMMENTS).fetchall():
            name = ".".join(map(quoted, ("fresh", schema, view, column)))
            connection.execute(f"COMMENT ON COLUMN {name} IS {duckdb_text(comment)}")
        connection.execute("FORCE CHECKPOINT fresh")
        connection.execute(
            "DETACH fresh"
        )  # which tells of no error: what does not fit the disk stays in a .wal
        if Path(f"{fresh}.wal").exists():
            raise duckdb.IOException(f"{fresh} could not be written to its end")
        connection.execute(f"ATTACH {duckdb_text(fresh)} AS fresh (READ_ONLY)")
        if _counts(connection, "stood") != _counts(connection, "fresh"):
            raise duckdb.IOException(f"{fresh} does not hold what the warehouse holds")


def _counts(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, int]:
    """The number of rows of each table and view."""
    named = connection.execute(
        "SELECT schema_name, table_name, TRUE FROM duckdb_tables() WHERE database_name = $1 UNION ALL "
        "SELECT schema_name, view_name, FALSE FROM duckdb_views() WHERE database_name = $1 AND NOT internal",
        [database],
    ).fetchall()
    found = {}
    for schema, name, is_table in named:
        where = ".".join(map(quoted, (database, schema, name)))
        rows = connection.execute(f"SELECT COUNT(*) FROM {where}").fetchall() if is_table else [(0,)]
        found[f"{schema}.{name}"] = int(rows[0][0])
    return found


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except duckdb.Error as error:
        sys.exit(" ".join(str(error).split()))
