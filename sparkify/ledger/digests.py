"""Digests of tables: the number of rows, and the sum of a hash of each row over all of its columns.

A sum needs no order, and is kept up with what comes and goes: a night that adds little computes little. It is
for edits and accidents; whoever computes a collision of 64-bit hashes can hide a change behind it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

from sparkify.engines.base import STAGING_TABLE, Reader, Value
from sparkify.sql import schema

ROWS = {"etl_attempt": "SELECT a.* FROM etl_attempt AS a WHERE COALESCE(a.outcome, '') <> 'started'"}
"""Tables of which some rows come and go unsealed."""
LARGE = (*STAGING_TABLE.values(), *schema.STAR, "etl_reject")
"""Tables that are too large to be read whole every night."""
SMALL = tuple(name for name in schema.ALL if name not in (*LARGE, "etl_seal"))
SEALED = (*LARGE, *SMALL)
"""Every table but the seals, which prove themselves."""


MODEL = "model "
"""What stands before the name of a model's table among the digests of a seal."""


class Built(NamedTuple):
    """A table of a model of the user's own, as a run built it: digests of its columns and of its SELECT."""

    columns: int
    select: int


class Digest(NamedTuple):
    """Of a table, or of a part of it, or a difference of two."""

    rows: int = 0
    total: int = 0

    def plus(self, other: "Digest") -> "Digest":
        return Digest(self.rows + other.rows, self.total + other.total)

    def minus(self, other: "Digest") -> "Digest":
        return Digest(self.rows - other.rows, self.total - other.total)


class Changes:
    """What a transaction adds to tables and takes from them, as digests; and what its seal says of it."""

    def __init__(self, reader: Reader, command: str = "", what: str = "") -> None:
        self._reader = reader
        self.says(command, what)
        self.deltas: dict[str, Digest] = {}
        self.whole: dict[str, Digest] = {}
        """Tables that were rewritten as a whole."""
        self.models: Mapping[str, Built] | None = None
        """The tables of models, where these were built."""

    def says(self, command: str, what: str, run_id: int | None = None) -> None:
        """What the seal says."""
        self.command, self.what, self.run_id = command, what, run_id

    def __bool__(self) -> bool:
        """Whether anything is another now."""
        return bool(self.whole) or self.models is not None or any(map(any, self.deltas.values()))

    @contextmanager
    def of(self, table: str, rows: str = "", params: Mapping[str, Value] | None = None) -> Iterator[Digest]:
        """What the block does to these rows of a table, or to all, given what they are before.

        The block may do nothing to other rows.
        """
        before = read_digest(self._reader, table, rows, params)
        yield before
        self.add(table, read_digest(self._reader, table, rows, params).minus(before))

    def of_older_rejects(self, run_id: int) -> AbstractContextManager[Digest]:
        """What the block does to rejects that this run did not bring itself."""
        rows = "SELECT j.* FROM etl_reject AS j WHERE j.run_id < :run"
        return self.of("etl_reject", rows, {"run": run_id})

    def add(self, table: str, digest: Digest) -> None:
        self.deltas[table] = self.deltas.get(table, Digest()).plus(digest)

    @contextmanager
    def of_run(self, run_id: int) -> Iterator[None]:
        """What the block brings under this number, in the tables where each row says which run brought it.

        A row that bore it before was written by somebody else, and is in no seal.
        """
        before = self._rows_of(run_id)
        yield
        for table, digest in self._rows_of(run_id).items():
            self.add(table, digest.minus(before[table]))

    def _rows_of(self, run_id: int) -> dict[str, Digest]:
        return {
            table: read_digest(
                self._reader, table, f"SELECT t.* FROM {table} AS t WHERE t.run_id = :run", {"run": run_id}
            )
            for table in (*STAGING_TABLE.values(), "etl_reject")
        }

    def rewritten(self, table: str) -> None:
        """All of the table was written by this transaction."""
        self.whole[table] = read_digest(self._reader, table)

    def applied_to(self, digests: Mapping[str, Digest]) -> dict[str, Digest]:
        """What the digests are after this."""
        found = {name: one.plus(self.deltas.get(name, Digest())) for name, one in digests.items()}
        if self.models is not None:
            found = {name: one for name, one in found.items() if not name.startswith(MODEL)}
            found |= {f"{MODEL}{name}": Digest(*built) for name, built in self.models.items()}
        return found | self.whole


def read_digest(
    reader: Reader,
    table: str,
    rows: str = "",
    params: Mapping[str, Value] | None = None,
    without: Collection[str] = (),
) -> Digest:
    """The digest of a table, or of rows that a SELECT takes from it; `without` columns that it lacks yet."""
    return Digest(*reader.query(_select(reader, table, rows, without), params).rows[0][1:])


def read_digests(reader: Reader, tables: Sequence[str]) -> dict[str, Digest]:
    """The digests of tables, in one statement."""
    each = (_select(reader, table) for table in tables)
    found = reader.query(" UNION ALL ".join(each)).rows
    return {name: Digest(rows, total) for name, rows, total in found}


def read_hashing(reader: Reader) -> str:
    """The hash of known values: where it is another one, so is that of rows."""
    known = "CAST('2018-11-01 12:00:00' AS TIMESTAMP), FNV_HASH(CAST(0.5 AS DOUBLE PRECISION))"
    texts = "'Björk', FNV_HASH('Chicago-Naperville-Elgin, IL-IN-WI'"
    found = reader.query(
        f"SELECT FNV_HASH({texts}, FNV_HASH(CAST(15 AS BIGINT), FNV_HASH({known})))) AS hashing"
    )
    return str(found.scalar())


def _select(reader: Reader, table: str, rows: str = "", without: Collection[str] = ()) -> str:
    """SELECT of name, number of rows and sum of hashes."""
    rows = rows or ROWS.get(table, "")
    columns = [column for column in schema.table(table).columns if column.name not in without]
    hashed = reader.hashed(f"({rows})" if rows else table, columns)
    return (
        f"SELECT '{table}' AS name, COUNT(*) AS n, COALESCE(SUM(h.row_hash), 0) AS total FROM ({hashed}) AS h"
    )
