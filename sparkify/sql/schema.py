"""The tables, as the DDL files state them: the only place where columns, types and keys are written.

`ddl` reads the structure, `marks` what the comments at the ends of the lines say, since a parser may attach
those to the wrong column. A mistake in either is a ConfigError that names file, line and column.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from sparkify.errors import ConfigError
from sparkify.sql import statement
from sparkify.sql.marks import OF_STAGING, OF_STAR, Line, fits, range_of, read_lines
from sparkify.sql_cache import cached

STAGING = ("stg_events", "stg_songs")
STAR = ("songplay", "users", "songs", "artists", "time")
LEDGER = (
    "etl_run", "etl_file", "etl_reject", "etl_key", "etl_warning", "etl_play_page", "text_form",
    "etl_forgotten", "etl_attempt", "etl_seal", "etl_lock", "etl_version",
)  # fmt: skip
ALL = (*STAGING, *STAR, *LEDGER)
VIEWS = (
    "plays", "events", "registrations", "listening", "load_files", "load_keys", "load_rejects", "load_runs",
    "load_state",
)  # fmt: skip
"""What questions ask beside the star, in the order in which one needs the other."""

LINEAGE = ("run_id", "file_id", "record")
"""The columns of a staging table that say where a record came from."""
_structure = cached("sparkify.sql.ddl:structure")

EXTRA = "extra"
"""The column of a staging table for what has no other: JSON text."""
LISTENER = "user_id"
"""The column that says whose a record is."""
Form = Literal["plain", "trimmed", "unquoted", "normalized", "nonzero"]
_ALLOWED = dict.fromkeys(STAGING, OF_STAGING) | dict.fromkeys(STAR, OF_STAR)
_NONE = "no mark"


@dataclass(frozen=True)
class Column:
    """A column: `type` as written (`VARCHAR(512)`), `width` in bytes for text, else None."""

    name: str
    type: str
    kind: Literal["integer", "number", "text", "timestamp"]
    width: int | None
    required: bool
    meaning: str
    is_public: bool = False
    """Whether it says nothing of a listener."""
    limits: tuple[int, int] | None = None
    """The least and the greatest value that it takes."""
    is_unpadded: bool = False
    """Whether text with a blank at an end is wrong."""
    is_strict: bool = False
    """Whether it identifies or places a record, so that a wrong value in it rejects the record."""
    key: str = ""
    """The app's name for it."""
    source: str = ""
    """The column of staging that it shows, as "stg_events.song"."""
    form: Form = "plain"
    """How it shows it."""


@dataclass(frozen=True)
class Table:
    """A table with its keys and its physical design."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[tuple[str, str, str], ...]
    """(column, table it refers to, column there)"""
    diststyle: str
    distkey: str | None
    sortkey: tuple[str, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def personal(self) -> tuple[str, ...]:
        """The columns that are erased with a forgotten listener; none where no listener is named."""
        if LISTENER not in self.column_names:
            return ()
        return tuple(one.name for one in self.columns if not one.is_public and one.name not in LINEAGE)

    @property
    def reported(self) -> tuple[Column, ...]:
        """The columns that the app fills, each from a key of its own: everything but lineage and `extra`."""
        return tuple(column for column in self.columns if column.name not in (*LINEAGE, EXTRA))


@cache
def table(name: str) -> Table:
    """Read the DDL file of one table."""
    source = statement("tables", name)
    file = f"sparkify/sql/tables/{name}.sql"
    try:
        found = json.loads(_structure(source.text))
    except ValueError as error:
        raise ConfigError(f"{file}: {error}.") from error
    lines = read_lines(file, source.text)
    columns = [
        _column(one, name, lines.get(one["name"]) or Line(file, 0, one["name"], ""))
        for one in found["columns"]
    ]
    for column in columns:
        _look_at(column, name, columns, lines.get(column.name) or Line(file, 0, column.name, ""))
    return Table(
        name=name,
        meaning=source.comment,
        columns=tuple(columns),
        primary_key=tuple(found["primary_key"]),
        foreign_keys=tuple(map(tuple, found["foreign_keys"])),
        diststyle=found["diststyle"],
        distkey=found["distkey"],
        sortkey=tuple(found["sortkey"]),
    )


@cache
def view(name: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What a view is, and its columns with their meanings: those of its outermost SELECT."""
    source = statement("views", name)
    meanings = re.findall(r"^ {4}(?:.*[ .])?(\w+),? +-- (.+)$", source.text, re.MULTILINE)
    return source.comment, tuple(meanings)


def _column(structure: dict[str, Any], table: str, line: Line) -> Column:
    """ConfigError for a mark that means nothing."""
    name = structure["name"]
    is_own = table in STAGING and name in (*LINEAGE, EXTRA)
    found = line.read(structure, _NONE if is_own else _ALLOWED.get(table, _NONE))
    known = {"key": json_key(name) if table == "stg_events" else name, "is_strict": structure["required"]}
    return Column(**structure, meaning=line.meaning, **(known | found))


def _look_at(column: Column, table_name: str, columns: Sequence[Column], line: Line) -> None:
    """ConfigError for a column that other columns make impossible."""
    if column.source:
        of, _, name = column.source.partition(".")
        shown = next((one for one in table(of).columns if one.name == name), None) if of in STAGING else None
        if shown is None:
            raise line.wrong(f"[from {column.source}] is no column of staging", OF_STAR)
        if not _holds(column, shown):
            raise line.wrong(f"{column.type} does not hold all of {column.source}", f"{shown.type} or wider")
    if table_name not in STAGING or column.name in (*LINEAGE, EXTRA):
        return
    if others := [one.name for one in columns if one.key == column.key and one.name != column.name]:
        raise line.wrong(f"its key {column.key} is that of {others[0]} too", "one column for each key")
    if LISTENER in [one.name for one in columns]:
        if column.is_public and column.name == LISTENER:
            raise line.wrong("[public] is wrong of what says whose a record is", OF_STAGING)
        if column.required and not column.is_public:
            raise line.wrong(
                "NOT NULL is wrong of a personal column, which is erased with its listener",
                "[public] beside NOT NULL, or neither",
            )


def _holds(column: Column, shown: Column) -> bool:
    """Whether every value of the other column has its place in this one."""
    if column.kind != shown.kind or (column.width or 0) < (shown.width or 0):
        return False
    if column.kind != "integer" or column.type == shown.type:
        return True
    low, high = shown.limits or range_of(shown.type)
    return fits(column.type, low, high)


def json_key(column: str) -> str:
    """The app's name for a column of stg_events.

    >>> json_key("item_in_session")
    'itemInSession'
    """
    first, *rest = column.split("_")
    return first + "".join(word.title() for word in rest)
