"""A number that stands for a row, over all of its columns, as each engine computes it fastest.

On Redshift it is FNV-1a, each column with the hash of those before as its seed (AWS: "FNV_HASH function"). On
DuckDB it is `hash`, which takes columns as they are stored: a text that repeats is hashed once. It is not the
same in every version of DuckDB (duckdb#17596, duckdb#17660), and not meant to be.
"""

from collections.abc import Sequence

from sparkify.sql.schema import Column

DEPTH = 12
"""Calls within each other in one SELECT: parsers descend them by recursion."""
IN_PLACE_OF_NULL = {
    "text": "''", "timestamp": "CAST('1970-01-01 00:00:00' AS TIMESTAMP)", "integer": "0", "number": "0",
}  # fmt: skip
"""What is hashed by kind; that it is NULL is hashed beside it."""


def hash_of(rows: str, columns: Sequence[Column]) -> str:
    """SELECT of `row_hash` in one call.

    >>> from sparkify.sql.schema import table
    >>> hash_of("etl_version", table("etl_version").columns)
    'SELECT HASH(r.version, r.rules) AS row_hash FROM etl_version AS r'
    """
    values = ", ".join(f"r.{column.name}" for column in columns)
    return f"SELECT HASH({values}) AS row_hash FROM {rows} AS r"


def fnv_hash_of(rows: str, columns: Sequence[Column]) -> str:
    """SELECT of `row_hash` in a chain of calls, each with the one before as its seed.

    It is a NUMERIC, whose sum has 38 digits: the sum of BIGINTs is a BIGINT (AWS: "SUM function").

    >>> from sparkify.sql.schema import table
    >>> fnv_hash_of("etl_lock", table("etl_lock").columns)
    'SELECT CAST(r.hash_0 AS NUMERIC(38, 0)) AS row_hash FROM (SELECT r.*, FNV_HASH(CASE WHEN r.lock_id IS \
NULL THEN 1 ELSE 0 END, FNV_HASH(COALESCE(r.lock_id, 0))) AS hash_0 FROM etl_lock AS r) AS r'
    """
    calls = [call for column in columns for call in _calls(column)]
    seed = ""
    for at in range(0, len(calls), DEPTH):
        for value in calls[at : at + DEPTH]:
            seed = f"FNV_HASH({value}, {seed})" if seed else f"FNV_HASH({value})"
        rows = f"(SELECT r.*, {seed} AS hash_{at} FROM {rows} AS r)"
        seed = f"r.hash_{at}"
    return f"SELECT CAST({seed} AS NUMERIC(38, 0)) AS row_hash FROM {rows} AS r"


def _calls(column: Column) -> list[str]:
    """What is hashed of a column: its value, and whether that is NULL, or how long it is.

    The hash of texts after each other is that of one text (AWS: "FNV_HASH function"): the lengths tell where
    one ends and the next begins.
    """
    value = f"r.{column.name}"
    hashed = value if column.required else f"COALESCE({value}, {IN_PLACE_OF_NULL[column.kind]})"
    if column.kind == "text":
        return [hashed, f"COALESCE(OCTET_LENGTH({value}), -1)"]
    return [hashed] if column.required else [hashed, f"CASE WHEN {value} IS NULL THEN 1 ELSE 0 END"]
