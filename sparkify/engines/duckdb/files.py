"""What lies beside a DuckDB warehouse while it is open: nobody reads it who may not read the warehouse."""

import contextlib
import os
import re
import stat
import threading
import time
from collections.abc import Iterator
from functools import reduce
from operator import or_
from pathlib import Path
from typing import NamedTuple

from sparkify.engines.duckdb.snapshot import snapshot_of
from sparkify.errors import ConfigError
from sparkify.formatting import is_text
from sparkify.place import head_of
from sparkify.scratch import Scratch, sweep
from sparkify.writing import umask

OF_LOG = (".wal", ".wal.checkpoint", ".wal.recovery")
"""What DuckDB appends to the name of a database for what is not in it yet."""


def refuse_other(file: Path) -> None:
    """A path that leads to something else is refused before anything is written beside it.

    DuckDB (2.0) opens a file whose absolute path is not UTF-8, and then cannot say where it lies, which
    `forget` asks.
    """
    if not is_text(whole := os.path.realpath(file)):
        raise ConfigError(
            f"{whole!r} is not text in UTF-8. Rename the folder, or choose another --warehouse."
        )
    try:
        head = head_of(file)
        for _ in range(10):
            if head:
                break
            time.sleep(0.1)  # another process may be making it
            head = head_of(file)
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read: {error.strerror}. Check --warehouse, or [WAREHOUSE] FILE."
        ) from error
    if head[8:] != b"DUCK":
        what = "is no DuckDB file" if head else "is empty"
        raise ConfigError(f"{file} {what}. Check --warehouse, or [WAREHOUSE] FILE.")


def refuse_links(file: str) -> None:
    """Raise ConfigError where a name under which DuckDB writes beside the warehouse leads to another file.

    DuckDB (2.0) follows a link there, also one that leads nowhere yet, and writes what is loaded to its end.
    """
    for name in (f"{file}{ending}" for ending in OF_LOG):
        with contextlib.suppress(FileNotFoundError):
            found = os.lstat(name)
            if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
                what = "is no file of its own, but leads elsewhere: what is loaded would be written there"
                raise ConfigError(f"{name} {what}. Remove it; it is not of sparkify.")


@contextlib.contextmanager
def spill_folder(file: str) -> Iterator[Path]:
    """Where what does not fit the memory goes: beside the warehouse, if we may write there.

    It is one for all openings of a file in this process: DuckDB lets none differ in its settings.
    """
    whole = os.path.realpath(file)
    with _lock:
        found = _spills[whole] if whole in _spills else _make_spill(file)
        _spills[whole] = found._replace(openings=found.openings + 1)
    try:
        yield found.scratch.path
    finally:
        with _lock:
            found = _spills[whole] = _spills[whole]._replace(openings=_spills[whole].openings - 1)
            if not found.openings:
                del _spills[whole]
                found.scratch.close()


class _Spill(NamedTuple):
    scratch: Scratch
    openings: int = 0


_lock = threading.Lock()
_spills: dict[str, _Spill] = {}


def _make_spill(file: str) -> _Spill:
    """Remove also what killed readers of the copy left: it may have no other reader for a while."""
    if file != ":memory:":
        with contextlib.suppress(OSError):
            sweep(Path(file).parent, _spill_name(snapshot_of(file)))
            return _Spill(Scratch(Path(file).parent, _spill_name(file)))
    return _Spill(Scratch())


def _spill_name(file: str) -> str:
    return f".{Path(file).name}."


def remove_old_spill(file: str) -> None:
    """Remove what DuckDB spilled into its own folder for a process that was killed.

    Only for whoever has the warehouse open alone: those files are nobody's then.
    """
    folder = Path(f"{file}.tmp")
    if folder.is_symlink() or not folder.is_dir():
        return
    with contextlib.suppress(OSError):
        for rest in folder.iterdir():
            if re.fullmatch(r"duckdb_temp_.*", rest.name):
                rest.unlink()
        folder.rmdir()


def remove_old_logs(file: str) -> None:
    """Remove what DuckDB left of its log for a process that was killed: all is in the file, now closed."""
    for ending in OF_LOG:
        Path(f"{file}{ending}").unlink(missing_ok=True)


@contextlib.contextmanager
def mode_of(file: str) -> Iterator[None]:
    """Files that are made in this block, such as DuckDB's write-ahead log, are as private as the warehouse.

    DuckDB has no setting for it; the mask is the process's, whose warehouses may be closed in any order.
    """
    try:
        mask = ~Path(file).stat().st_mode & 0o077
    except OSError:
        mask = 0
    if not _masks:
        _masks.append(umask())
    _masks.append(mask)
    os.umask(reduce(or_, _masks))
    try:
        yield
    finally:
        del _masks[_masks.index(mask, 1)]
        os.umask(reduce(or_, _masks))
        if len(_masks) == 1:
            _masks.clear()


_masks: list[int] = []
"""The process's own mask, and those of the warehouses that are open to write."""
