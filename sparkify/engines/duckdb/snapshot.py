"""A copy of the warehouse for readers: whole, swapped in after each change, and never waited for.

A DuckDB file is held either by one writer or by readers. Whoever reads the copy holds nobody up, for however
long: the next copy is another file, which takes its name.
"""

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

import duckdb

from sparkify.engines.dialect import duckdb_text
from sparkify.errors import WarehouseError
from sparkify.writing import replacing


def snapshot_of(file: str) -> str:
    """Where the copy of a warehouse lies: beside it.

    >>> snapshot_of("/data/music.duckdb")
    '/data/music.snapshot.duckdb'
    """
    path = Path(os.path.realpath(file))
    return str(path.with_name(f"{path.stem}.snapshot{path.suffix}"))


def write_snapshot(file: str, *, is_asked: bool = True) -> None:
    """Copy a warehouse that its writer has closed, unless the copy is of this very state.

    Raises WarehouseError if it cannot be written; also if something else has its name, where a copy was asked
    for. What was there stays then.
    """
    source, target = Path(file), Path(snapshot_of(file))
    if Path(f"{file}.wal").exists() or not (is_asked or target.exists()):
        return  # what could not be closed the next writer takes in
    try:
        state = source.stat()
        is_there = False
        with suppress(FileNotFoundError):
            copied = target.stat()
            is_there = True
            if (copied.st_size, copied.st_mtime_ns) == (state.st_size, state.st_mtime_ns):
                return
        if os.path.lexists(target) and not (target.is_file() and _is_copy(file, target)):
            if not is_asked:
                return
            raise WarehouseError(
                f"{target} is no copy of this warehouse, and is left alone. Give it another name. The "
                "warehouse is published; readers see no copy of it."
            )
        if is_there:
            Path(f"{target}.wal").unlink(missing_ok=True)  # of somebody who wrote to the copy that goes
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


def _is_copy(file: str, target: Path) -> bool:
    """Whether a file is of this warehouse: its chain of seals has the same beginning, or one has none."""
    try:
        with duckdb.connect(":memory:") as connection:
            first = []
            for name, path in (("stood", file), ("copied", target)):
                connection.execute(f"ATTACH {duckdb_text(str(path))} AS {name} (READ_ONLY)")
                tables = f"SELECT table_name FROM duckdb_tables() WHERE database_name = '{name}'"
                held = {table for (table,) in connection.execute(tables).fetchall()}
                seal = f"SELECT seal FROM {name}.etl_seal WHERE seal_id = 1"
                first.append(connection.execute(seal).fetchall() if "etl_seal" in held else len(held))
    except duckdb.Error:
        return False
    return first[0] == first[1] or 0 in first
