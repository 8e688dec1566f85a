"""A file is replaced by a whole one, or stays as it is: a full disk must not cost what was there."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, content: bytes, mode: int | None = None, most: int = 0o777) -> None:
    """Write this file beside its place and rename it. Raises OSError, and nothing has changed then.

    It keeps the mode of the file that it replaces; a new one has `mode`, or what the process gives its files;
    neither has more than `most`.
    What is no regular file, such as /dev/stdout, is written to as it is.
    """
    path = Path(os.path.realpath(path))
    try:
        old = path.stat()
    except FileNotFoundError:
        given = (0o666 & ~umask()) if mode is None else mode
    else:
        if not stat.S_ISREG(old.st_mode):
            path.write_bytes(content)
            return
        given = stat.S_IMODE(old.st_mode)
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
            os.fchmod(out.fileno(), given & most)
        fresh.replace(path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise


def umask() -> int:
    """What this process takes from the mode of the files that it makes."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
