"""Rows of somebody else's statement: page by page, since Python holds them outside DuckDB's limit.

Python has no value for some of DuckDB's: its client makes a month 30 days, infinity the year 9999, and cuts
nanoseconds (tried with 2.0.0). Such a column is asked for again, as text that DuckDB writes.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb

from sparkify.engines.base import weight
from sparkify.errors import QueryError

MOST_AT_ONCE = 1000
"""Rows of a page."""
_FINER = re.compile(r"INTERVAL|_NS\b")
"""In the name of a type that Python has no value for."""
_FIRST, _LAST = 1, 9999
"""The years in which its client puts -infinity and infinity."""

Rows = list[tuple[Any, ...]]


def fetch_within(cursor: duckdb.DuckDBPyConnection, most: int, room: int) -> Rows:
    """Up to `most` rows, 0 is all of them. Raises QueryError where they take more than `room` bytes.

    A page is about a hundredth of that: only a value that is larger by itself is held before it is refused.
    """
    rows: Rows = []
    taken, size = 0, 1
    while page := cursor.fetchmany(min(size, most - len(rows)) if most else size):
        rows += page
        taken += weight(page)
        if taken > room:
            raise QueryError(
                f"the answer takes more than {room / 1e6:,.0f} MB. Ask for fewer rows or columns, or raise "
                "[WAREHOUSE] MEMORY, of which an answer may take half."
            )
        size = max(1, min(MOST_AT_ONCE, room * len(rows) // (100 * taken)))
        if most and len(rows) == most:
            break
    return rows


def as_written(sql: str, types: Sequence[str], rows: Rows, fetch: Callable[[str], Rows]) -> Rows:
    """These rows of a statement, with what Python has no value for as DuckDB writes it."""
    columns = range(len(types))
    finer = {at for at in columns if _FINER.search(types[at])}
    endless = {at for at in columns if any(_may_be_endless(row[at]) for row in rows)} - finer
    if not (rows and (finer or endless)):
        return rows
    shown = ", ".join(
        f"CAST(#{at + 1} AS VARCHAR)" if at in finer | endless else f"#{at + 1}" for at in columns
    )
    written = fetch(f"SELECT {shown} FROM (\n{_without_end(sql)}\n) AS shown")
    if finer or any("infinity" in str(row[at]) for row in written for at in endless):
        return written
    return rows  # years that are so, in fact


def _may_be_endless(value: Any) -> bool:
    if isinstance(value, dt.date):
        return value.year in (_FIRST, _LAST)
    if isinstance(value, Mapping):
        return any(map(_may_be_endless, (*value.keys(), *value.values())))
    return isinstance(value, list | tuple) and any(map(_may_be_endless, value))


def _without_end(sql: str) -> str:
    """A statement without its semicolon, and what stands behind that."""
    end = len(sql.encode())
    for at, kind in reversed(duckdb.tokenize(sql)):
        token = sql.encode()[at:end].decode().strip()
        if token != ";" and kind != duckdb.token_type.comment:
            break
        end = at
    return sql.encode()[:end].decode()
