"""A file is replaced by a whole one, or stays as it is: a full disk must not cost what was there."""

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import BinaryIO

PART = ".part"
"""How the name of a file ends that is being written."""


def replace_file(path: Path, content: bytes, mode: int | None = None, most: int = 0o777) -> None:
    """Write this file beside its place and rename it. Raises OSError, and nothing has changed then.

    It keeps the mode of the file that it replaces; a new one has `mode`, or what the process gives its files;
    neither has more than `most`.
    What is no regular file, such as /dev/stdout, is written to as it is.
    """
    try:
        old = path.stat()
    except FileNotFoundError:
        given = (0o666 & ~umask()) if mode is None else mode
    else:
        if not stat.S_ISREG(old.st_mode):
            path.write_bytes(content)  # by this name: of a pipe there is no other
            return
        given = stat.S_IMODE(old.st_mode)
    path = Path(os.path.realpath(path))
    with replacing(path) as out:
        out.write(content)
        os.fchmod(out.fileno(), given & most)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file, private at first, that takes this place at the end of the block; if it fails nothing changes.

    It is locked as long as somebody writes it: what a killed process left is removed by the next one.
    """
    remove_parts(path)
    handle, name = tempfile.mkstemp(prefix=".sparkify-new-", dir=path.parent)
    made = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            fcntl.flock(out, fcntl.LOCK_EX)
            made = made.rename(path.with_name(f"{_part(path)}{made.name.rpartition('-')[2]}{PART}"))
            yield out
            out.flush()
            os.fsync(out.fileno())
            made.replace(path)
    except BaseException:
        with suppress(OSError):
            made.unlink()
        raise


def remove_parts(path: Path) -> None:
    """Remove what processes that are gone have written of this file."""
    for part in path.parent.glob(f"{escape(_part(path))}{'?' * 8}{PART}"):
        with suppress(OSError), _open_own(part) as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()


def _open_own(part: Path) -> BinaryIO:
    """A file of ours. Raises OSError for what else has its name; nothing is waited for."""
    handle = os.fdopen(os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    held = os.fstat(handle.fileno())
    if not stat.S_ISREG(held.st_mode) or held.st_uid != os.geteuid():
        handle.close()
        raise PermissionError(part)
    return handle


def _part(path: Path) -> str:
    return f".{path.name[:100]}.sparkify-"


def umask() -> int:
    """What this process takes from the mode of the files that it makes."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
