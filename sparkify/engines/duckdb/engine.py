"""The warehouse in one file, on this machine."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from sparkify.engines.base import Result, Rules, Staged, Value
from sparkify.engines.dialect import to_duckdb
from sparkify.engines.duckdb.asking import refuse_acting
from sparkify.engines.duckdb.errors import translated
from sparkify.engines.duckdb.fetching import as_written, fetch_within
from sparkify.engines.duckdb.file_lock import FileLock
from sparkify.engines.duckdb.files import (
    mode_of,
    refuse_links,
    refuse_other,
    remove_old_logs,
    remove_old_spill,
    spill_folder,
)
from sparkify.engines.duckdb.hidden import DEFINITIONS, altered, refuse_hidden
from sparkify.engines.duckdb.inserting import insert_columns
from sparkify.engines.duckdb.opening import NO_LIMITS, Limits, configure, connect, limit_of, settings_of
from sparkify.engines.duckdb.rewriting import rewrite
from sparkify.engines.duckdb.snapshot import refuse_copy, snapshot_of, write_snapshot
from sparkify.engines.duckdb.stage import DuckDBStager
from sparkify.engines.row_hash import hash_of
from sparkify.errors import QueryError, WarehouseError
from sparkify.place import holding, openings
from sparkify.scratch import EXPORTS, Scratch, sweep
from sparkify.source.file import Dataset, NewFile
from sparkify.sql.schema import Column
from sparkify.writing import remove_parts


class DuckDB:
    """An Engine on one DuckDB file; `":memory:"` is a warehouse that is gone when it is closed.

    A writer holds the lock from opening to closing; a reader takes it and releases it at once, so that
    readers queue behind a writer and a writer waits for the readers that came before it.
    """

    name = "duckdb"
    batch_bytes = 1 << 30
    lock_wait = 0.0

    def __init__(
        self,
        file: str,
        *,
        read_only: bool = False,
        locked_down: bool = False,
        wait: float = 30.0,
        memory: str = "",
        threads: int = 0,
        limits: Limits | None = None,
        snapshot: bool = False,
    ) -> None:
        """Open the warehouse; `locked_down` also shuts every other file of this machine away.

        With `snapshot` a writer leaves a copy for readers behind.

        Raises BusyError if another process holds it for more than `wait` seconds, ConfigError if it is no
        DuckDB file, WarehouseError if it cannot be opened.
        """
        refuse_other(Path(file))
        if not read_only:
            refuse_copy(file)
        if (real := os.path.realpath(file)) != os.path.abspath(file):  # noqa: PTH100  # as realpath, but links
            file = real  # what is rewritten must not take a link's place
        self.file = file
        self._lock = FileLock(file, exclusive=not read_only)
        self._limits = limits or NO_LIMITS
        self._locked_down = locked_down
        self._settings = settings_of(memory, threads, locked_down=locked_down)
        deadline = time.monotonic() + wait
        self._keeps_snapshot = not read_only and file != ":memory:"
        self._has_snapshot = snapshot
        self._closing = contextlib.ExitStack()
        """What is let go of when the warehouse is closed."""
        with self._closing:
            if file != ":memory:":
                self._closing.callback(self._lock.release)
                self._lock.acquire(deadline)
                self._closing.enter_context(holding(file))
                refuse_links(file)
            if not read_only:
                self._closing.enter_context(mode_of(file))
            with translated("making room for passing files"):
                self._spill = self._closing.enter_context(spill_folder(file))
                self._settings["temp_directory"] = str(self._spill)
                self._scratch = self._closing.enter_context(Scratch())
            self._connection = connect(file, self._settings, deadline, read_only=read_only)
            self._closing.callback(self._disconnect)
            refuse_hidden(self._connection, file)
            self._closing = self._closing.pop_all()
        if read_only:
            self._lock.release()
        try:
            with translated("setting limits"):
                configure(self._connection, self._settings, memory, self._limits.spill, read_only=read_only)
        except BaseException:
            self._closing.close()
            raise
        if not read_only and file != ":memory:":
            remove_old_spill(file)
            remove_parts(Path(snapshot_of(file)))
            sweep(Path(file).absolute().parent, EXPORTS)
        self._stager = DuckDBStager(self._connection, self._scratch)

    def execute(self, sql: str, params: Mapping[str, Value] | None = None) -> int:
        answer = self._fetch(to_duckdb(sql, params))
        return int(answer.scalar()) if answer.columns == ("Count",) and answer.rows else 0

    def query(self, sql: str, params: Mapping[str, Value] | None = None) -> Result:
        return self._fetch(to_duckdb(sql, params))

    def hashed(self, rows: str, columns: Sequence[Column]) -> str:
        return hash_of(rows, columns)

    def altered(self, made: Mapping[str, str]) -> Sequence[str]:
        with translated("comparing tables and views"):
            return altered(self._connection, {name: to_duckdb(create) for name, create in made.items()})

    def definitions(self) -> Sequence[tuple[str, str]]:
        return self._fetch(DEFINITIONS).rows

    def stream(self, sql: str, params: Mapping[str, Value] | None = None) -> Iterator[tuple[Any, ...]]:
        with translated(sql):
            cursor = self._connection.cursor().execute(to_duckdb(sql, params))
            while rows := cursor.fetchmany(50_000):
                yield from rows

    def native(self, sql: str) -> Result:
        with translated(sql):
            number = len(self._connection.extract_statements(sql))
        if number != 1:
            raise QueryError(f"one statement at a time, not {number}.")
        if self._locked_down:
            refuse_acting(self._connection, sql)
        return self._fetch(sql, self._limits.rows)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        if not rows:
            return
        import numpy as np

        arrays = {
            name: np.array(values, dtype=object)
            for name, values in zip(columns, zip(*rows, strict=True), strict=True)
        }
        with translated(f"INSERT INTO {table}"):
            insert_columns(self._connection, table, arrays)

    def stage(
        self,
        dataset: Dataset,
        files: Sequence[NewFile],
        rules: Rules,
        is_lost: Callable[[int], bool] = lambda _: False,
    ) -> Sequence[Staged]:
        with translated("reading files"):
            good = f"SELECT file_id, record FROM raw_{dataset} WHERE NOT ({rules.is_odd})"

            def accept(typed: Collection[str]) -> str:
                return to_duckdb(rules.accept(typed), rules.params)

            return self._stager.stage(dataset, files, rules, accept, to_duckdb(good, rules.params), is_lost)

    def preview(self, dataset: Dataset, files: Sequence[NewFile]) -> Sequence[str]:  # noqa: ARG002  # as Engine has it
        return ()

    def grant(self, shown: Sequence[str], ours: Sequence[str]) -> None:
        """Who may read the file may read the tables."""

    def rewrite(self) -> bool:
        """As `Engine.rewrite`: DuckDB leaves old blocks in its file, so what stands goes into a new one."""
        if self.file == ":memory:":
            return True
        fresh = self._spill / "warehouse"
        with translated("rewriting the warehouse file"):
            [(version,)] = self._connection.execute(
                "SELECT rtrim(tags['storage_version'], '+') FROM duckdb_databases() "
                "WHERE database_name = current_database()"
            ).fetchall()
            self._connection.execute("FORCE CHECKPOINT")
            self._connection.close()
            try:
                if Path(f"{self.file}.wal").exists():
                    raise WarehouseError(f"{self.file} could not be closed: run this again.")
                remove_old_logs(self.file)
                before = Path(self.file).stat()
                rewrite(self.file, fresh, version, str(self._settings.get("memory_limit", "")))
                fresh.chmod(before.st_mode)
                with contextlib.suppress(PermissionError):
                    os.chown(fresh, before.st_uid, before.st_gid)
                self._connection = connect(self.file, self._settings, time.monotonic())
                after = Path(self.file).stat()  # held again: no other program can write to it now
                if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                    raise WarehouseError(f"another program wrote to {self.file} meanwhile: run this again.")
                fresh.replace(self.file)
                self._connection.close()
            finally:
                fresh.unlink(missing_ok=True)
                self._connection = connect(self.file, self._settings, time.monotonic())
                self._stager = DuckDBStager(self._connection, self._scratch)
        return True

    @contextlib.contextmanager
    def transaction(self, lock: str | None = None) -> Iterator[None]:  # noqa: ARG002  # the file lock does
        with translated("beginning"):
            self._connection.begin()
        try:
            yield
            with translated("publishing"):
                self._connection.commit()
        except BaseException:
            with contextlib.suppress(duckdb.Error):  # a fatal error has ended the transaction already
                self._connection.rollback()
            raise

    def close(self) -> None:
        self._closing.close()

    def _disconnect(self) -> None:
        self._connection.close()
        if (
            self._keeps_snapshot
        ):  # readers are served from a copy that is there, whatever this command was told
            write_snapshot(self.file, is_asked=self._has_snapshot, is_closed=openings(self.file) == 1)

    def _fetch(self, sql: str, most: int = 0) -> Result:
        with self._in_time(), translated(sql):
            cursor = self._connection.execute(sql)
            if not cursor.description:
                return Result((), [])
            columns = cursor.description
            if share := self._limits.answer:
                room = int(limit_of(self._connection.cursor()) * share)
                rows = fetch_within(cursor, most, room)
                types = [str(column[1]) for column in columns]
                rows = as_written(
                    sql, types, rows, lambda text: fetch_within(self._connection.execute(text), most, room)
                )
            else:
                rows = cursor.fetchall()
            return Result(tuple(column[0] for column in columns), rows)

    @contextlib.contextmanager
    def _in_time(self) -> Iterator[None]:
        """A statement that takes longer than it may is interrupted. Raises QueryError then."""
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._connection.interrupt()

        timer = threading.Timer(self._limits.seconds, stop)
        if self._limits.seconds:
            timer.start()
        try:
            yield
        except KeyboardInterrupt as error:
            if not late.is_set():
                raise
            raise QueryError(
                f"the statement took more than {self._limits.seconds:g} s and was stopped. "
                "--timeout, or [WAREHOUSE] TIMEOUT, gives it longer."
            ) from error
        finally:
            timer.cancel()
