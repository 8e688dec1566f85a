"""Rows of somebody else's statement: page by page, since Python holds them outside DuckDB's limit."""

from typing import Any

import duckdb

from sparkify.engines.base import weight
from sparkify.errors import QueryError

MOST_AT_ONCE = 1000
"""Rows of a page."""


def fetch_within(cursor: duckdb.DuckDBPyConnection, most: int, room: int) -> list[tuple[Any, ...]]:
    """Up to `most` rows, 0 is all of them. Raises QueryError where they take more than `room` bytes.

    A page is about a hundredth of that: only a value that is larger by itself is held before it is refused.
    """
    rows: list[tuple[Any, ...]] = []
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
