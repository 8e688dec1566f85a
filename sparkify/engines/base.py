"""What a flow may ask of a database: a handful of methods, the same on every engine."""

import datetime as dt
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sparkify.source.file import Dataset, NewFile

if TYPE_CHECKING:
    from sparkify.sql.schema import Column

Value = int | float | str | dt.datetime | dt.date | None
"""What a `:name` placeholder can be filled in with."""

Path = tuple[str | int, ...]
"""Where a value stands in a record: the keys, and positions in lists, that lead to it."""
Paths = Mapping[str, Path]
"""Where the value of each column stands."""
MOST_ROWS = 2**31 - 1
"""The most that Redshift's LIMIT takes (AWS, "ORDER BY clause")."""


STAGING_TABLE: Mapping[Dataset, str] = {"events": "stg_events", "songs": "stg_songs"}


class Rules(NamedTuple):
    """How records are validated, in Redshift's SQL over the raw table `raw_events` or `raw_songs`."""

    accept: Callable[[Collection[str]], str]
    """INSERT into staging of the records in which every value fits its column; given the columns that the raw
    table holds as DOUBLE, of `typed`, where none of their values was text."""
    typed: Collection[str]
    is_odd: str
    """The condition that holds for the other records, of a raw table of text."""
    params: Mapping[str, Value]
    paths: Paths
    """Where each column's value stands in a record."""
    is_in_order: bool = True
    """Whether that INSERT may be used at all: where it may not, all records go through the raw table."""


class KeyCount(NamedTuple):
    """In how many records of a file a key is, or is not, and the first such line; None if nobody looked."""

    records: int
    first_line: int | None


KeyCounts = Mapping[str, KeyCount]


class Staged(NamedTuple):
    """What an engine found in one file."""

    file_id: int
    records_read: int
    content_hash: str
    lines: int | None
    """Lines up to the end of the file, blank ones included; None if nobody counted them."""
    tail: int | None
    """The byte at which the last line starts."""
    problem: str | None = None
    """Why the file could not be read at all; then it counts as one record, rejected."""
    has_lineage: bool = True
    """Whether its rows say that they are of this file."""
    values: int | None = None
    """Its values that are not null, all of them in staging; None where `raw_events` or `raw_songs` tells."""
    unknown_keys: KeyCounts = MappingProxyType({})
    """Keys that no column takes."""
    absent_keys: KeyCounts = MappingProxyType({})
    """Keys of columns that records lack."""
    no_objects: int = 0
    """Records that are no JSON object, so that nobody knows which keys they had."""


@dataclass(frozen=True)
class Result:
    """The answer to a query."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def scalar(self) -> Any:
        """The first value of the first row."""
        return self.rows[0][0]


def weight(value: object) -> int:
    """Bytes of memory that a value takes, about; of rows, of all that is in them.

    >>> weight([("a" * 1000, None, 1)]) > 1000, weight([1, 2]) > weight([1])
    (True, True)
    """
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return sys.getsizeof(value) + sum(map(weight, parts))


class Reader(Protocol):
    """All that a question or a check needs of a database."""

    def query(self, sql: str, params: Mapping[str, Value] | None = None) -> Result:
        """Run one SELECT and fetch its rows."""

    def hashed(self, rows: str, columns: "Sequence[Column]") -> str:
        """SELECT of `row_hash`, a number that stands for the row, for each of these rows.

        They are a table, or a SELECT in brackets. Other values have another number but for one case in 2^64;
        the same values have the same, as long as the engine's hash function is the same.
        """

    def altered(self, made: Mapping[str, str]) -> Sequence[str]:
        """Which of these tables and views, by name with their CREATE, somebody has made otherwise.

        A table may have more columns; those that it has to have differ in type or default. None where an
        engine cannot tell.
        """

    def definitions(self) -> Sequence[tuple[str, str]]:
        """What somebody may have written into the database besides tables and views: (what it is, its text).

        Comments on tables, views and columns are among them, and ours too.
        """


class Engine(Reader, Protocol):
    """A database that holds the warehouse. SQL is Redshift's; each engine translates it if it must."""

    name: str
    batch_bytes: int
    """How many bytes of files `stage` is given at once."""
    lock_wait: float
    """Seconds that `transaction(lock)` may wait; 0 where nobody else can be at work in an open warehouse."""

    def execute(self, sql: str, params: Mapping[str, Value] | None = None) -> int:
        """Run one statement with its `:name` placeholders filled in; return the rows it changed."""

    def stream(self, sql: str, params: Mapping[str, Value] | None = None) -> Iterator[tuple[Any, ...]]:
        """Run one SELECT over what is published and yield its rows, never all of them at once."""

    def native(self, sql: str) -> Result:
        """Run one statement in the engine's own dialect."""

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert many rows at once; each row has a value per column."""

    def stage(
        self,
        dataset: Dataset,
        files: Sequence[NewFile],
        rules: Rules,
        is_lost: Callable[[int], bool] = lambda _: False,
    ) -> Sequence[Staged]:
        """Read the files: each of their records is in staging then, or in `raw_events` or `raw_songs`.

        That temporary table has the columns that the app fills, all VARCHAR, and `file_id`, `record` (the
        line, counted from 1), `extra` (JSON of what no column takes), `vals` (values of the record that are
        not null), `aside` (how many of them are in `extra`), `unit` (how its moment was written, if it was
        rewritten; see `UNITS`) and `is_staged` (1 if the record is in staging already). A line that is no
        JSON object is a row of NULLs. A file that changed while it was read is left out of the answer and of
        everything. Every record carries its file and line, but for those that a plain COPY brought.

        `is_lost` is asked now and then, where the engine can stop: whether the run is lost already, given how
        many records the files hold at most. What was not read then is left out.
        """

    def preview(self, dataset: Dataset, files: Sequence[NewFile]) -> Sequence[str]:
        """The statements that `stage` would hand to another machine, for a careful person to read first."""

    def transaction(self, lock: str | None = None) -> AbstractContextManager[None]:
        """All or nothing: commit at the end of the block, roll back on any exception.

        Where several may write, the block begins by locking the table `lock`. Raises RetryError if the
        whole transaction may be run again.
        """

    def grant(self, shown: Sequence[str], ours: Sequence[str]) -> None:
        """Let readers see, of all that is `ours`, what is `shown` and nothing else, where there are any.

        Where nothing is `ours`, what is `shown` is new, and seen besides: whoever made it may let others in.
        Raises RightsError if it is not ours to grant, ConfigError if the configuration names nobody.
        """

    def rewrite(self) -> bool:
        """Rewrite the warehouse's files, so that no byte of what was deleted is left in them.

        False where the files are not ours to write.
        """

    def close(self) -> None:
        """Let go of the warehouse."""


def limit_of(rows: int | None) -> int:
    """What LIMIT is given for at most so many rows; None is all of them."""
    return MOST_ROWS if rows is None else min(rows, MOST_ROWS)
