"""How a DuckDB file is opened: with which settings and limits, and after whom."""

import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from sparkify.engines.dialect import duckdb_text
from sparkify.engines.duckdb.errors import first_line
from sparkify.errors import BusyError, WarehouseError

STORAGE = "v1.4.0"
"""The version of a new file: DuckDB 1.4 and later read it, and so do the tools that stand on them."""
WRITER_MEMORY = 1000
"""Megabytes. A load of 10,000,000 events runs within 150 MB, and within this as fast as with more."""


class Limits(NamedTuple):
    """What one statement may take; 0 and empty: anything."""

    seconds: float = 0.0
    spill: str = ""
    """Disk, for temporary tables too."""
    rows: int = 0
    """Rows that `native` fetches."""
    answer: float = 0.5
    """The share of DuckDB's memory that the rows of an answer may take beside it."""


NO_LIMITS = Limits(answer=0.0)

Settings = dict[str, Any]
_configuring = threading.Lock()


def settings_of(memory: str, threads: int, *, locked_down: bool) -> Settings:
    """What a file is opened with; a share of the memory is set afterwards, by `configure`."""
    settings: Settings = {
        "integer_division": True,
        "preserve_insertion_order": True,
        "storage_compatibility_version": STORAGE,
        "autoinstall_known_extensions": False,  # nothing is downloaded
        "autoload_known_extensions": False,
    }
    if memory and not memory.endswith("%"):
        settings["memory_limit"] = memory
    if threads:
        settings["threads"] = threads
    if locked_down:
        settings["enable_external_access"] = False
    return settings


def configure(
    connection: duckdb.DuckDBPyConnection, settings: Settings, memory: str, spill: str, *, read_only: bool
) -> None:
    """Set limits, and lock them: all openings of a file in a process have the settings of the first."""
    with _configuring:
        if connection.execute("SELECT current_setting('lock_configuration')").fetchall() == [(True,)]:
            return
        if memory.endswith("%"):
            _limit_memory(connection, settings, memory_of_machine(connection) * float(memory[:-1]) / 100)
        elif not read_only and not memory and memory_of_machine(connection) * 0.8 > WRITER_MEMORY:
            _limit_memory(connection, settings, WRITER_MEMORY)
        if spill:  # DuckDB 2.0 shows this limit, and does not keep it, if it is given at the opening
            connection.execute(f"SET max_temp_directory_size = {duckdb_text(spill)}")
        if "enable_external_access" in settings:
            connection.execute("SET lock_configuration = true")


def _limit_memory(connection: duckdb.DuckDBPyConnection, settings: Settings, megabytes: float) -> None:
    limit = f"{max(1, int(megabytes))}MB"
    settings["memory_limit"] = limit  # for when the file is opened again
    connection.execute(f"SET memory_limit = '{limit}'")


def memory_of_machine(connection: duckdb.DuckDBPyConnection) -> float:
    """Megabytes of this machine or container, by DuckDB's own limit, which is four fifths of them.

    DuckDB takes shares itself from 2.0 on, and not before.
    """
    return limit_of(connection) / 1e6 / 0.8


def limit_of(connection: duckdb.DuckDBPyConnection) -> float:
    """Bytes that DuckDB may take; 0 if it does not say."""
    [(limit,)] = connection.execute("SELECT current_setting('memory_limit')").fetchall()
    number, unit = limit.split()
    powers = {"KiB": 1, "MiB": 2, "GiB": 3, "TiB": 4}
    return float(number) * 1024 ** powers[unit] if unit in powers else 0


def connect(
    file: str, settings: Settings, deadline: float, *, read_only: bool = False
) -> duckdb.DuckDBPyConnection:
    """Open the file, waiting for readers to leave: DuckDB refuses at once while others have it open."""
    name = Path(file).name.lower()
    if name.partition(".")[0] == "information_schema" or "?" in file:
        why = "takes what follows ? for options" if "?" in file else "has a schema of that name"
        raise WarehouseError(f"{file} cannot be a warehouse: DuckDB {why}. Rename it.")
    while True:
        try:
            return duckdb.connect(file, read_only=read_only, config=settings)
        except duckdb.Error as error:
            if not (holder := _holder(error)):
                raise WarehouseError(f"{file} cannot be opened: {first_line(error)}") from error
            if time.monotonic() >= deadline:
                raise BusyError(f"{file} is held by another {holder}. Try again later.") from error
            time.sleep(0.05)


def _holder(error: duckdb.Error) -> str:
    """Who has the file open, if that is why it cannot be opened."""
    text = str(error)
    if isinstance(error, duckdb.ConnectionException) and "different configuration" in text:
        return "thread of this process"
    if not isinstance(error, duckdb.IOException) or "lock" not in text.lower():
        return ""
    start = text.find("held in")
    found = text[start + 8 :].split(". ", maxsplit=1)[0].strip() if start >= 0 else first_line(error)
    return f"process: {found}"
