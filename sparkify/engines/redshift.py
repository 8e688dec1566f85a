"""The warehouse on an Amazon Redshift cluster."""

import contextlib
import datetime as dt
import decimal
import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sparkify import recorder
from sparkify.engines.base import Dataset, NewFile, Result, Rules, Staged, Value
from sparkify.engines.dialect import literal, to_redshift
from sparkify.engines.redshift_stage import Copying, Loader
from sparkify.errors import BusyError, ConfigError, QueryError, RemoteError, RetryError

ROWS = 1000
"""Rows of one INSERT, and of one FETCH."""
LONGEST = 8 << 20
"""Bytes of one INSERT; Redshift takes statements of 16 MB."""
MOST_MS = 2**31 - 1
"""Milliseconds that a statement may be told to wait."""
_NOT_OURS = {"40001", "40P01", "57P01"}
"""SQLSTATEs of transactions that others ended: serialisation, deadlock, a cluster that goes to sleep."""
_READS = ("SELECT", "WITH", "EXPLAIN", "SHOW")


@dataclass(frozen=True)
class Address:
    """Where a cluster is, and who asks."""

    host: str
    port: int
    database: str
    user: str
    password: str


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
        copying: Copying,
        *,
        schema: str = "public",
        readers: Sequence[str] = (),
        read_only: bool = False,
        wait: float = 30.0,
    ) -> None:
        """Connect; `address` is asked again when a connection was lost, since credentials expire.

        Raises RemoteError if the cluster cannot be reached or does not let us in.
        """
        self._address = address
        self._schema, self._readers, self._read_only, self._wait = schema, readers, read_only, wait
        self._loader = Loader(self._sql, self.insert, copying)
        self._is_open = False
        self._connection: Any = None
        self._connect()

    def execute(self, sql: str, params: Mapping[str, Value] | None = None) -> int:
        return max(0, int(self._run(to_redshift(sql, params)).rowcount))

    def query(self, sql: str, params: Mapping[str, Value] | None = None) -> Result:
        return self._sql(to_redshift(sql, params))

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

    def stage(self, dataset: Dataset, files: Sequence[NewFile], rules: Rules) -> Sequence[Staged]:
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

    def grant(self, tables: Sequence[str]) -> None:
        """Let the readers of the configuration read these tables."""
        for reader in self._readers:
            *kind, name = reader.split()
            whom = reader if reader.upper() == "PUBLIC" else " ".join([*kind, f'"{name}"'])
            self._run(f'GRANT USAGE ON SCHEMA "{self._schema}" TO {whom}')
            self._run(f"GRANT SELECT ON {', '.join(tables)} TO {whom}")

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
        self._connection = _open(self._address())
        self._connection.autocommit = True
        schema = f'"{self._schema}"'
        if not self._read_only and self._schema != "public":
            self._run(f"CREATE SCHEMA IF NOT EXISTS {schema}", is_retry=True)
        self._run(f"SET search_path TO {schema}", is_retry=True)

    def _lock(self, table: str) -> None:
        """Take the table for ourselves, waiting no longer than `wait` seconds."""
        patience = min(max(1, int(self._wait * 1000)), MOST_MS)  # 0 would be for ever
        self._run(f"SET statement_timeout TO {patience}")
        try:
            self._run(f"LOCK TABLE {table}")
        except QueryError as error:
            if state(error.__cause__) == "57014":
                raise BusyError(
                    f"the warehouse is held by another run, for more than {self._wait:g} s. Try again later."
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
            raise _translated(error, sql) from error
        recorder.answered(sql, cursor)
        return cursor


def _open(address: Address) -> Any:
    try:
        import redshift_connector
        from redshift_connector.error import Error
    except ImportError as error:
        raise ConfigError(
            "Redshift needs its driver: pip install -e '.[aws]' in sparkify's folder."
        ) from error
    try:
        # A timeout given to the driver would hold for every answer, however long a statement may take.
        socket.create_connection((address.host, address.port), timeout=30).close()
        return redshift_connector.connect(
            host=address.host,
            port=address.port,
            database=address.database,
            user=address.user,
            password=address.password,
            ssl=True,
            sslmode="verify-full",
        )
    except Error as error:
        said = _said(error)
        if "authentication" in said:
            raise RemoteError(
                f"{address.host} does not let {address.user} in: {said}. Check [REDSHIFT] USER; five wrong "
                "passwords lock a user out."
            ) from error
        raise RemoteError(
            f"{address.host}:{address.port} cannot be reached: {said}. Is your address let in? "
            "`sparkify cluster configure` opens the way."
        ) from error
    except OSError as error:
        raise RemoteError(
            f"{address.host}:{address.port} cannot be reached: {error}. Is your address let in? "
            "`sparkify cluster configure` opens the way."
        ) from error


def _translated(error: Exception, sql: str) -> QueryError | RetryError:
    said = _said(error)
    if state(error) in _NOT_OURS or re.match(r"(1018|1023)\b|Serializable isolation", said):
        return RetryError(f"another transaction was in the way: {said}. Nothing was published; run it again.")
    start = sql.strip().split("\n", maxsplit=1)[0][:80]
    return QueryError(f"{said} ({start})")


def state(error: BaseException | None) -> str:
    """The SQLSTATE of a server's error; nothing for any other."""
    found = error.args[0] if error is not None and error.args else None
    return str(found.get("C", "")) if isinstance(found, dict) else ""


def _said(error: Exception) -> str:
    """What the server said, in one line, with the SQLSTATE."""
    found = error.args[0] if error.args else ""
    if isinstance(found, dict):
        text = " ".join(str(found[key]) for key in ("M", "D") if found.get(key))
        return f"{' '.join(text.split())} [{found.get('C', '')}]"
    cause = f": {error.args[1]}" if len(error.args) > 1 else ""
    return " ".join(f"{found}{cause}".split()) or type(error).__name__


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
