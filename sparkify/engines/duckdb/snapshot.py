"""A copy of the warehouse for readers: whole, swapped in after each change, and never waited for.

A DuckDB file is held either by one writer or by readers. Whoever reads the copy holds nobody up, for however
long: the next copy is another file, which takes its name.
"""

import os
import shutil
import stat
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Literal

import duckdb

from sparkify.engines.dialect import duckdb_text
from sparkify.errors import ConfigError, WarehouseError
from sparkify.place import OF_COPY
from sparkify.scratch import Scratch
from sparkify.writing import replacing


def snapshot_of(file: str) -> str:
    """Where the copy of a warehouse lies: beside it.

    >>> snapshot_of("/data/music.duckdb")
    '/data/music.snapshot.duckdb'
    """
    path = Path(os.path.realpath(file))
    return str(path.with_name(f"{path.stem}{OF_COPY}{path.suffix}"))


def write_snapshot(file: str, *, is_asked: bool = True, is_closed: bool = False) -> None:
    """Copy a warehouse that its writer has closed, unless the copy is of this very state.

    Where it is closed and has a `.wal` all the same, what was published did not fit into the file.

    Raises WarehouseError if it cannot be written; also if a copy of another warehouse has its name, or
    anything else where a copy was asked for. What was there stays then.
    """
    source, target = Path(file), Path(snapshot_of(file))
    if not (is_asked or target.exists()):
        return
    if Path(f"{file}.wal").exists():
        if is_closed:
            raise WarehouseError(
                f"{file} could not be written to its end: is the disk full? The run is published, in its "
                ".wal, which the next command that writes takes in; readers of the copy see the state before."
            )
        return  # somebody else in this process has it open
    try:
        state = source.stat()
        is_there = False
        with suppress(FileNotFoundError):
            copied = target.stat()
            is_there = True
            if (copied.st_size, copied.st_mtime_ns) == (state.st_size, state.st_mtime_ns):
                return
        if os.path.lexists(target) and (found := _what_is(file, target)) != "copy":
            if found == "nothing" and not is_asked:
                return
            raise WarehouseError(f"{_no_copy(target)} The warehouse is published.")
        if is_there:
            Path(f"{target}.wal").unlink(missing_ok=True)  # of somebody who wrote to the copy that goes
        with ExitStack() as open_files:
            if not _first_seal(file):  # its tables were dropped: a copy then holds nothing, whatever is there
                source = open_files.enter_context(Scratch()) / "empty"
                duckdb.connect(str(source)).close()
            copy = open_files.enter_context(replacing(target))
            held = open_files.enter_context(source.open("rb"))
            shutil.copyfileobj(held, copy, 1 << 20)
            copy.flush()
            with suppress(PermissionError):
                os.fchown(copy.fileno(), state.st_uid, state.st_gid)
            os.fchmod(copy.fileno(), stat.S_IMODE(state.st_mode))
            os.utime(copy.fileno(), ns=(state.st_atime_ns, state.st_mtime_ns))
    except OSError as error:
        raise WarehouseError(
            f"{target} cannot be written: {error.strerror}. The warehouse is published; readers see the "
            "state before. `sparkify tables create` writes the copy when this is fixed."
        ) from error


def require_copy(file: str) -> None:
    """Raise WarehouseError if something else has the name of the copy of this warehouse."""
    target = Path(snapshot_of(file))
    try:
        _first_seal(file)
    except duckdb.Error:  # there is none yet, or somebody writes to it
        return
    if os.path.lexists(target) and _what_is(file, target) != "copy":
        raise WarehouseError(_no_copy(target))


def refuse_copy(file: str) -> None:
    """Raise ConfigError for a copy that is to be written to: the warehouse would stay as it is."""
    copy = Path(os.path.realpath(file))
    owner = copy.with_suffix("").with_suffix(copy.suffix)
    if copy.with_suffix("").suffix != OF_COPY or not (owner.is_file() and copy.is_file()):
        return
    with suppress(duckdb.Error):  # somebody writes to one of them
        if (seal := _first_seal(copy)) and seal == _first_seal(owner):
            raise ConfigError(f"{file} is the copy of {owner.name} for readers. Give --warehouse {owner}.")


def _no_copy(target: Path) -> str:
    return (
        f"{target} is no copy of this warehouse, and is left alone. Remove it, or give it another name: "
        "whoever reads the copy is shown that file."
    )


def _what_is(file: str, target: Path) -> Literal["copy", "other", "nothing"]:
    """Whether a file is a copy of this warehouse, of another one, or nothing of sparkify's.

    A copy's chain of seals has the same beginning. Tables may have been dropped here, and there.
    """
    try:
        if not target.is_file():
            return "nothing"
        try:
            stood, copied = _first_seal(file), _first_seal(str(target))
        except duckdb.IOException:  # somebody writes to the copy, and DuckDB lets nobody else in
            with Scratch() as folder:
                stood, copied = _first_seal(file), _first_seal(shutil.copyfile(target, folder / "copy"))
    except duckdb.Error:
        return "nothing"
    if copied == "" or (copied is not None and copied == stood):
        return "copy"
    if copied is None:
        return "nothing"
    return "other" if stood else "copy"


def _first_seal(file: str | Path) -> str | None:
    """The first seal of a warehouse; '' for a database without a table or view, None for any other."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH {duckdb_text(str(file))} AS held (READ_ONLY)")
        names = "SELECT table_name FROM information_schema.tables WHERE table_catalog = 'held'"
        held = {table for (table,) in connection.execute(names).fetchall()}
        if "etl_seal" not in held:
            return None if held else ""
        found = connection.execute("SELECT seal FROM held.etl_seal WHERE seal_id = 1").fetchone()
        return found[0] if found else None
