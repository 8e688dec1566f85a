"""The tables, as the DDL files state them: the only place where columns, types and keys are written.

`ddl` reads the structure. The meanings are read from the comments at the ends of the lines, since a parser
may attach those to the wrong column.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from sparkify.remembering import remembered
from sparkify.sql import statement

STAGING = ("stg_events", "stg_songs")
STAR = ("songplay", "users", "songs", "artists", "time")
BOOKS = (
    "etl_run", "etl_file", "etl_reject", "etl_key", "etl_warning", "etl_play_page", "text_form",
    "etl_forgotten", "etl_attempt", "etl_seal", "etl_lock", "etl_version",
)  # fmt: skip
ALL = (*STAGING, *STAR, *BOOKS)
VIEWS = (
    "events", "registrations", "listening", "load_files", "load_keys", "load_rejects", "load_runs",
    "load_state",
)  # fmt: skip
"""What questions ask beside the star, in the order in which one needs the other."""

LINEAGE = ("run_id", "file_id", "record")
"""The columns of a staging table that say where a record came from."""
_structure = remembered("sparkify.sql.ddl:structure")

EXTRA = "extra"
"""The column of a staging table for what has no other: JSON text."""


@dataclass(frozen=True)
class Column:
    """A column: `type` as written (`VARCHAR(512)`), `width` in bytes for text, else None."""

    name: str
    type: str
    kind: Literal["integer", "number", "text", "timestamp"]
    width: int | None
    required: bool
    meaning: str

    @property
    def is_strict(self) -> bool:
        """Whether it identifies or places a record, so that a wrong value in it rejects the record."""
        return self.required or self.name == "user_id"


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
    def reported(self) -> tuple[Column, ...]:
        """The columns that the app fills, each from a key of its own: everything but lineage and `extra`."""
        return tuple(column for column in self.columns if column.name not in (*LINEAGE, EXTRA))


@cache
def table(name: str) -> Table:
    """Read the DDL file of one table."""
    source = statement("tables", name)
    meanings = dict(re.findall(r"^ {4}(\w+) .*?-- (.+)$", source.text, re.MULTILINE))
    found = json.loads(_structure(source.text))
    return Table(
        name=name,
        meaning=source.comment,
        columns=tuple(Column(**one, meaning=meanings.get(one["name"], "")) for one in found["columns"]),
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


def json_key(column: str) -> str:
    """The app's name for a column of stg_events.

    >>> json_key("item_in_session")
    'itemInSession'
    """
    first, *rest = column.split("_")
    return first + "".join(word.title() for word in rest)
