"""The tables, as the DDL files state them: the only place where columns, types and keys are written.

`ddl` reads the structure. The meanings are read from the comments at the ends of the lines, since a parser
may attach those to the wrong column. In brackets before the meaning stands the rest of the column's contract:

    length  DOUBLE PRECISION,  -- [public, 0 to 86_400] length of the song in seconds

    public          it says nothing of a listener; beside a user_id, what is not marked so is personal: erased
                    with a forgotten listener
    0 to 86_400     the least and the greatest value
    unpadded        text without blanks at its ends, which Redshift does not compare
    strict          a wrong value rejects the record, as in a required column
    key deviceID    the app's name for it, where it is not the column's in camel case (of songs: the column's)
    from TABLE.COL  the column of staging that a column of the star shows,
    trimmed         ... without blanks at its ends
    unquoted        ... without blanks and quotes at its ends
    normalized      ... in the normal form of text, see `load.text`
    nonzero         ... a zero as NULL
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from sparkify.sql import statement
from sparkify.sql_cache import remembered

STAGING = ("stg_events", "stg_songs")
STAR = ("songplay", "users", "songs", "artists", "time")
LEDGER = (
    "etl_run", "etl_file", "etl_reject", "etl_key", "etl_warning", "etl_play_page", "text_form",
    "etl_forgotten", "etl_attempt", "etl_seal", "etl_lock", "etl_version",
)  # fmt: skip
ALL = (*STAGING, *STAR, *LEDGER)
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
LISTENER = "user_id"
"""The column that says whose a record is."""
Form = Literal["plain", "trimmed", "unquoted", "normalized", "nonzero"]
_COMMENT = re.compile(r"^ {4}(\w+) .*?-- (?:\[(.+?)\] )?(.+)$", re.MULTILINE)


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
    comments = {column: (marks, meaning) for column, marks, meaning in _COMMENT.findall(source.text)}
    found = json.loads(_structure(source.text))
    return Table(
        name=name,
        meaning=source.comment,
        columns=tuple(_column(one, name, *comments.get(one["name"], ("", ""))) for one in found["columns"]),
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


def _column(structure: dict[str, Any], table: str, marks: str, meaning: str) -> Column:
    """ValueError for a mark that means nothing."""
    name, required = structure["name"], structure["required"]
    found: dict[str, Any] = {"key": json_key(name) if table == "stg_events" else name, "is_strict": required}
    for mark in filter(None, marks.split(", ")):
        if mark in {"public", "strict", "unpadded"}:
            found[f"is_{mark}"] = True
        elif mark in get_args(Form):
            found["form"] = mark
        elif limits := re.fullmatch(r"(-?[\d_]+) to (-?[\d_]+)", mark):
            found["limits"] = (int(limits[1]), int(limits[2]))
        elif given := re.fullmatch(r"(?:from (\w+\.\w+)|key (\S+))", mark):
            found |= {"source": given[1]} if given[1] else {"key": given[2]}
        else:
            raise ValueError(f"{table}.{name}: [{mark}] is no mark of a column; sql/schema.py lists them.")
    return Column(**structure, meaning=meaning, **found)


def json_key(column: str) -> str:
    """The app's name for a column of stg_events.

    >>> json_key("item_in_session")
    'itemInSession'
    """
    first, *rest = column.split("_")
    return first + "".join(word.title() for word in rest)
