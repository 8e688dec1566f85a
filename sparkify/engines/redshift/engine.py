"""The warehouse on an Amazon Redshift cluster."""

import contextlib
import datetime as dt
import decimal
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from sparkify import recorder
from sparkify.engines.base import Result, Rules, Staged, Value
from sparkify.engines.dialect import literal, to_redshift
from sparkify.engines.redshift.connect import Address, connect
from sparkify.engines.redshift.copy import CopyOptions
from sparkify.engines.redshift.errors import CANCELLED, state, translated
from sparkify.engines.redshift.rights import (
    acting_function,
    create_user,
    grantee,
    grants,
    is_superuser,
    reader_of,
    users,
)
from sparkify.engines.redshift.stage import CopyStager
from sparkify.engines.row_hash import fnv_hash_of
from sparkify.errors import BusyError, ConfigError, QueryError, RemoteError, RetryError
from sparkify.source.file import Dataset, NewFile
from sparkify.sql.schema import Column

ROWS = 1000
"""Rows of one INSERT, and of one FETCH."""
LONGEST = 8 << 20
"""Bytes of one INSERT; Redshift takes statements of 16 MB."""
MOST_MS = 2**31 - 1
"""Milliseconds that a statement may be told to wait."""
_READS = ("SELECT", "WITH", "EXPLAIN", "SHOW")


class Redshift:
    """An Engine on one schema of one cluster.

    A connection that is lost outside a transaction is opened again; inside one, and where another
    transaction was in the way, the whole transaction may be run again: RetryError says so.
    """

    name = "redshift"
    batch_bytes = 1 << 60

    def __init__(
        self,
        address: Callable[[], Address],
        copying: CopyOptions,
        *,
        schema: str = "public",
        readers: Sequence[str] = (),
        rights: Literal["login", "reader"] = "login",
        query_group: str = "",
        read_only: bool = False,
        wait: float = 30.0,
    ) -> None:
        """Connect; `address` is asked again when a connection was lost, since credentials expire.

        With the rights of a reader, a superuser's session takes the name of the warehouse's reader; others
        have no more rights than somebody gave them. Raises RemoteError if the cluster cannot be reached or
        does not let us in, ConfigError if it has no reader yet.
        """
        self._address, self._readers = address, readers
        self._schema = schema.lower()  # as a cluster folds every name, also one in quotes
        self._rights, self._query_group, self._read_only, self.lock_wait = (
            rights,
            query_group,
            read_only,
            wait,
        )
        self._loader = CopyStager(self._sql, self.insert, copying)
        self._is_open = False
        self._connection: Any = None
        self._reader = ""
        self._connect()

    def execute(self, sql: str, params: Mapping[str, Value] | None = None) -> int:
        return max(0, int(self._run(to_redshift(sql, params)).rowcount))

    def query(self, sql: str, params: Mapping[str, Value] | None = None) -> Result:
        return self._sql(to_redshift(sql, params))

    def hashed(self, rows: str, columns: Sequence[Column]) -> str:
        return fnv_hash_of(rows, columns)

    def altered(self, made: Mapping[str, str]) -> Sequence[str]:  # noqa: ARG002  # as Reader has it
        """None: there are no temporary views to compare with (AWS: "CREATE VIEW"), and only who owns a table
        or view can alter it."""
        return ()

    def definitions(self) -> Sequence[tuple[str, str]]:
        """None: who may see functions and comments of others depends on the login."""
        return ()

    def stream(self, sql: str, params: Mapping[str, Value] | None = None) -> Iterator[tuple[Any, ...]]:
        with self._block("BEGIN READ ONLY", "ROLLBACK"):
            self._run(f"DECLARE streamed CURSOR FOR {to_redshift(sql, params)}")
            while rows := self._sql(f"FETCH FORWARD {ROWS} FROM streamed").rows:
                yield from rows

    def native(self, sql: str) -> Result:
        """As `Engine.native`; a reader may only ask, and what hides in a question is stopped by READ ONLY."""
        if not self._read_only:
            return self._sql(sql)
        first = re.match(r"(?:[\s(]|--[^\n]*\n|/\*.*?\*/)*(\w+)", sql, re.DOTALL)
        if first is None or first[1].upper() not in _READS:
            raise QueryError(
                f"only {', '.join(_READS)} may be asked, not {first[1] if first else 'nothing'}."
            )
        if acting := acting_function(sql):
            raise QueryError(f"{acting} may not stand here: a question may only read. Use psql for it.")
        with self._block("BEGIN READ ONLY", "ROLLBACK"):
            return self._sql(sql)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        head = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "
        batch: list[str] = []
        size = 0
        for row in rows:
            values = f"({', '.join(map(literal, row))})"
            length = len(values.encode())
            if batch and (len(batch) == ROWS or size + length > LONGEST):
                self._run(head + ", ".join(batch))
                batch, size = [], 0
            batch.append(values)
            size += length
        if batch:
            self._run(head + ", ".join(batch))

    def stage(
        self,
        dataset: Dataset,
        files: Sequence[NewFile],
        rules: Rules,
        is_lost: Callable[[int], bool] = lambda _: False,  # noqa: ARG002  # COPY reads all files at once
    ) -> Sequence[Staged]:
        return self._loader.stage(dataset, files, rules.paths, to_redshift(rules.is_odd, rules.params))

    def preview(self, dataset: Dataset, files: Sequence[NewFile]) -> Sequence[str]:
        return self._loader.preview(dataset, files)

    @contextlib.contextmanager
    def transaction(self, lock: str | None = None) -> Iterator[None]:
        self._loader.forget()
        try:
            with self._block("BEGIN", "COMMIT"):
                if lock:
                    self._lock(lock)
                yield
                self._loader.drop()
        finally:
            self._loader.forget()

    def grant(self, shown: Sequence[str], ours: Sequence[str]) -> None:
        for whom in (*map(grantee, self._readers), *self._own_reader()):
            try:
                for sql in grants(self._schema, shown, ours, whom):
                    self._run(sql)
            except QueryError as error:
                if "does not exist" in str(error):
                    raise ConfigError(
                        f"[REDSHIFT] READERS: {error}. Create it, or spell it as the cluster does."
                    ) from error
                raise

    def rewrite(self) -> bool:
        return False  # a cluster reclaims the blocks of deleted rows by itself

    def close(self) -> None:
        with contextlib.suppress(Exception):  # whatever the driver says of a connection that is gone
            self._connection.close()

    @contextlib.contextmanager
    def _block(self, begin: str, end: str) -> Iterator[None]:
        """A transaction; a connection that is lost within it is not opened again behind its back."""
        self._run(begin)
        self._is_open = True
        try:
            yield
            self._run(end)
        except BaseException:
            with contextlib.suppress(RemoteError, QueryError):
                self._run("ROLLBACK")
            raise
        finally:
            self._is_open = False

    def _connect(self) -> None:
        address = self._address()
        self._connection = connect(address)
        self._reader = reader_of(address.database, self._schema)
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        """Let the session be what all statements count on: its schema, its label, its rights."""
        if not self._read_only and not self._ask(
            f"SELECT 1 FROM pg_namespace WHERE nspname = '{self._schema}'"
        ):
            self._run(f'CREATE SCHEMA IF NOT EXISTS "{self._schema}"', is_retry=True)
        self._run(f'SET search_path TO "{self._schema}"', is_retry=True)
        if self._query_group:
            self._run(f"SET query_group TO {literal(self._query_group)}", is_retry=True)
        if self._rights == "reader":
            self._become_reader()

    def _become_reader(self) -> None:
        """Give up a superuser's rights; whoever is none has no others to give up."""
        found = dict(self._ask(users(self._reader)))
        if not is_superuser(found, self._reader):
            return
        if self._reader not in found:
            raise ConfigError(
                f"schema {self._schema} has no reader yet: questions are asked as the database user "
                f"{self._reader}, which `sparkify tables create` makes."
            )
        self._run(f"SET SESSION AUTHORIZATION {literal(self._reader)}", is_retry=True)

    def _own_reader(self) -> Iterator[str]:
        """The warehouse's reader, who is made if we may; nobody where we may not."""
        found = dict(self._ask(users(self._reader)))
        if self._reader not in found:
            if not is_superuser(found, self._reader):
                return
            self._run(create_user(self._reader))
        yield grantee(self._reader)

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a question of our own, on this connection or on none."""
        return list(map(tuple, self._run(sql, is_retry=True).fetchall()))

    def _lock(self, table: str) -> None:
        """Take the table for ourselves, waiting no longer than `wait` seconds."""
        wait_ms = min(max(1, int(self.lock_wait * 1000)), MOST_MS)  # 0 would be for ever
        self._run(f"SET statement_timeout TO {wait_ms}")
        try:
            self._run(f"LOCK TABLE {table}")
        except QueryError as error:
            if state(error.__cause__) == CANCELLED:
                raise BusyError(
                    f"the warehouse is held by another run, for more than {self.lock_wait:g} s. "
                    "Try again later."
                ) from error
            raise
        self._run("RESET statement_timeout")

    def _sql(self, sql: str) -> Result:
        cursor = self._run(sql)
        if not cursor.description:
            return Result((), [])
        columns = tuple(
            column[0].decode() if isinstance(column[0], bytes) else column[0] for column in cursor.description
        )
        return Result(columns, [tuple(map(_plain, row)) for row in cursor.fetchall()])

    def _run(self, sql: str, *, is_retry: bool = False) -> Any:
        from redshift_connector.error import Error, InterfaceError

        try:
            cursor = self._connection.cursor()
            cursor.execute(sql)
        except (InterfaceError, OSError) as error:
            if self._is_open or is_retry:
                raise RetryError(f"the connection to the cluster was lost: {error}. Run it again.") from error
            self.close()
            self._connect()
            return self._run(sql, is_retry=True)
        except Error as error:
            recorder.refused(sql, error)
            raise translated(error, sql) from error
        recorder.answered(sql, cursor)
        return cursor


def _plain(value: Any) -> Any:
    """A NUMERIC as the number it is; every other value as it came."""
    if isinstance(value, decimal.Decimal):
        return (
            int(value)
            if value == value.to_integral_value() and value.as_tuple().exponent == 0
            else float(value)
        )
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(dt.UTC).replace(tzinfo=None)
    return value
