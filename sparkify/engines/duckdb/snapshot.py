"""A copy of the warehouse for readers: whole, swapped in after each change, and never waited for.

A DuckDB file is held either by one writer or by readers. Whoever reads the copy holds nobody up, for however
long: the next copy is another file, which takes its name.
"""

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from sparkify.errors import WarehouseError
from sparkify.writing import replacing


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
        with replacing(target) as copy, source.open("rb") as held:
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
