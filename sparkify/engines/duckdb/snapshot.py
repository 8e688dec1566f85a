"""A copy of the warehouse for readers: whole, swapped in after each change, and never waited for.

A DuckDB file is held either by one writer or by readers. Whoever reads the copy holds nobody up, for however
long: the next copy is another file, which takes its name.
"""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from sparkify.errors import WarehouseError


def snapshot_of(file: str) -> str:
    """Where the copy of a warehouse lies: beside it.

    >>> snapshot_of("/data/music.duckdb")
    '/data/music.snapshot.duckdb'
    """
    path = Path(os.path.realpath(file))
    return str(path.with_name(f"{path.stem}.snapshot{path.suffix}"))


def write_snapshot(file: str) -> None:
    """Copy a warehouse that its writer has closed, unless the copy is of this very state.

    Raises WarehouseError if it cannot be written; the copy that was there stays then.
    """
    source, target = Path(file), Path(snapshot_of(file))
    if Path(f"{file}.wal").exists():  # it could not be closed: the next writer takes this in
        return
    try:
        state = source.stat()
        with suppress(FileNotFoundError):
            copied = target.stat()
            if (copied.st_size, copied.st_mtime_ns) == (state.st_size, state.st_mtime_ns):
                return
        made, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
        os.close(made)
        copy = Path(name)
        try:
            shutil.copyfile(source, copy)
            with suppress(PermissionError):
                os.chown(copy, state.st_uid, state.st_gid)
            with copy.open("rb") as handle:
                os.fsync(handle.fileno())
            shutil.copystat(source, copy)
            copy.replace(target)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise WarehouseError(
            f"{target} cannot be written: {error.strerror}. The warehouse is published; readers see the "
            "state before. `sparkify tables create` writes the copy when this is fixed."
        ) from error
