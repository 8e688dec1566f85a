"""What a statement of somebody else may be: a question over tables, that reads and writes no file.

DuckDB's own lock is not enough: with enable_external_access off it still reads the file of the database and
writes its `.wal` (tried with 2.0.0), and whoever opens the warehouse next takes that in.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any

import duckdb

from sparkify.errors import QueryError

TABLE_FUNCTIONS = (
    "SELECT DISTINCT function_name FROM system.main.duckdb_functions() WHERE function_type = 'table'"
)
TABLES = "SELECT LOWER(table_name) FROM system.information_schema.tables"
_A_FILE = "a file in the place of a table"
_OF_NO_FILE = re.compile(
    r"duckdb_\w+|pragma_\w+|range|generate_series|unnest|repeat|repeat_row|json_each|json_tree|summary|seq_scan"
    r"|pg_timezone_names|icu_calendar_names|test_all_types|test_vector_types"
)
"""Functions that make a table of no file."""
_BEFORE_TABLES = ("FROM", "JOIN", "PIVOT", "UNPIVOT", "PIVOT_WIDER", "PIVOT_LONGER", "TABLE")
"""Words that a table follows."""
_BY_NAME = ("histogram", "histogram_values")
"""Macros that make a table of one that a text names, computed or not; aggregates have the same names."""
_BINDING = ("json_serialize_plan",)
"""Functions that look up what a text of SQL reads."""
_OF_PATHS = frozenset("/\\:~*?[")
"""Characters by one of which a name may be a path that only DuckDB understands: a URL, a home, a pattern."""
TEXT = "''"
"""What stands for a text among the words of a statement."""
_ACTING = {
    "ALTER", "ATTACH", "CALL", "CHECKPOINT", "COPY", "CREATE", "DELETE", "DETACH", "DROP", "EXECUTE",
    "EXPORT", "IMPORT", "INSERT", "INSTALL", "LOAD", "MERGE", "PRAGMA", "PREPARE", "SET", "TRUNCATE",
    "UPDATE", "VACUUM",
}  # fmt: skip


def refuse_acting(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise QueryError for one statement that does anything but ask the warehouse."""
    [statement] = connection.extract_statements(sql)
    kind, words = statement.type.name, _words(sql)
    if kind in ("EXPLAIN", "MULTI"):  # it may hold another statement; a PIVOT is several
        kind = next((word.upper() for word in words if word.upper() in _ACTING), "SELECT")
    if kind != "SELECT":
        raise QueryError(f"the warehouse is open to read: {kind} is refused.")
    tables = {name for (name,) in connection.execute(TABLE_FUNCTIONS).fetchall()}
    files = {name for name in tables if not _OF_NO_FILE.fullmatch(name)}
    called = [word.lower() for word, after in pairwise(words) if after.startswith("(")]
    made_of = _table_functions(connection, sql)
    for name in called:
        if name in files or name in _BINDING or (name in _BY_NAME and (made_of is None or name in made_of)):
            raise _file_refused(name)
    if any(word.upper() in _BEFORE_TABLES and after == TEXT for word, after in pairwise(words)):
        raise _file_refused(_A_FILE)
    if _names_a_file(connection, sql) or _names_itself(connection, [*words, *_texts(sql)]):
        raise _file_refused(_A_FILE)


def _file_refused(what: str) -> QueryError:
    return QueryError(f"only the warehouse's own tables can be read, and no file: {what} is refused.")


def _table_functions(connection: duckdb.DuckDBPyConnection, sql: str) -> set[str] | None:
    """The functions that stand in the place of a table, as DuckDB parses the statement.

    None where it says nothing of it: of EXPLAIN, and of PIVOT, which is several statements.
    """
    [(text,)] = connection.execute("SELECT system.main.json_serialize_sql($1)", [sql]).fetchall()
    tree = json.loads(text)
    return None if tree["error"] else {*_in_place_of_tables(tree)}


def _in_place_of_tables(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        if tree.get("type") == "TABLE_FUNCTION":
            yield tree["function"]["function_name"].lower()
        tree = tree.values()
    elif not isinstance(tree, list):
        return
    for below in tree:
        yield from _in_place_of_tables(below)


def _names_a_file(connection: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Whether a name in the place of a table is one of a file; DuckDB would open that of the database."""
    try:
        named = connection.get_table_names(sql)
    except duckdb.Error:  # a PIVOT, which is several statements, or one that fails
        return False
    known = {name for (name,) in connection.execute(TABLES).fetchall()}
    others = [name for name in named if name.lower() not in known]
    return any(_OF_PATHS & {*name} or os.path.exists(name) for name in others)  # noqa: PTH110  # Path's raises for a long name


def _names_itself(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> bool:
    """Whether one of these is a path to the file of the database, the only one that DuckDB would open."""
    [(own,)] = connection.execute(
        "SELECT path FROM system.main.duckdb_databases() WHERE database_name = current_database()"
    ).fetchall()
    if not own:
        return False
    for name in names:
        with suppress(OSError, ValueError):
            if os.path.samefile(_path(name), own):  # noqa: PTH121  # Path's raises for a long name
                return True
    return False


def _path(name: str) -> str:
    """A name as the path that DuckDB would open."""
    bare = re.sub(r"^file:(//[^/]*)?(?=/)", "", name, flags=re.IGNORECASE)
    return os.path.expanduser(bare)  # noqa: PTH111  # Path's raises for a user that there is not


def _texts(sql: str) -> list[str]:
    """The texts in a statement, without their quotes."""
    encoded = sql.encode()
    tokens = duckdb.tokenize(sql)
    ends = [at for at, _ in tokens[1:]] + [len(encoded)]
    return [
        encoded[at:end].decode().strip().partition("'")[2].rstrip("'").replace("''", "'")
        for (at, kind), end in zip(tokens, ends, strict=True)
        if kind == duckdb.token_type.string_const
    ]


def _words(sql: str) -> list[str]:
    """The words of a statement as DuckDB reads them: no comments, names without quotes, texts as one word."""
    encoded = sql.encode()
    tokens = duckdb.tokenize(sql)
    ends = [at for at, _ in tokens[1:]] + [len(encoded)]
    found = []
    for (at, kind), end in zip(tokens, ends, strict=True):
        word = encoded[at:end].decode().strip()
        if kind == duckdb.token_type.string_const:
            found.append(TEXT)
        elif kind != duckdb.token_type.comment:
            found.append(word.strip('"') if kind == duckdb.token_type.identifier else word)
    return found
