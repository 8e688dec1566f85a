"""The floor: DuckDB parses every event, touches every column, and stores nothing."""

import sys
from pathlib import Path

import duckdb

from common import EVENTS, say

LACKS = "stores nothing at all"


def load(source: Path, _: Path) -> None:
    columns = ", ".join(f"'{key}': '{kind}'" for key, kind in EVENTS.items())
    touched = ", ".join(f'COUNT("{key}")' for key in EVENTS)
    duckdb.execute(
        f"SELECT {touched} FROM read_json($1, columns = {{{columns}}}, format = 'newline_delimited')",
        [str(source / "log_data" / "**" / "*.json")],
    ).fetchall()


if __name__ == "__main__":
    say(sys.argv, load, None)
