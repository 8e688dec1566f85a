"""Columns of Python that become rows of a table."""

import contextlib
from collections.abc import Mapping
from typing import Any

import duckdb


def insert_columns(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, Any]) -> None:
    """Insert numpy arrays, one a column.

    They are let go at once: DuckDB holds on to what was registered until the transaction ends.
    """
    incoming, names = dict(columns), ", ".join(columns)
    connection.register("incoming", incoming)
    try:
        connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM incoming")
    finally:
        incoming.clear()
        with contextlib.suppress(duckdb.Error):  # where the transaction has ended, what ended it is told
            connection.unregister("incoming")
