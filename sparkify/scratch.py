"""Folders for passing files: private from the first byte, and removed even if their process is killed.

Each holds a marker that its process keeps locked. Whoever finds a folder whose marker nobody holds removes
it: the lock is the kernel's, so it tells of a process in another container too, where a process number means
nothing. What has no marker, or belongs to another user, is not ours and is left alone.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from pathlib import Path
from types import TracebackType

from sparkify.errors import ConfigError
from sparkify.formatting import is_text

PREFIX = "sparkify-scratch-"
EXPORTS = ".sparkify-export."
"""How the name of a folder begins in which an export is written."""
MARKER = ".sparkify-scratch"
_MAKING = f".{PREFIX}new-"


class Scratch:
    """A folder that is gone when it is closed, when its block ends, or when the next process looks."""

    def __init__(self, beside: Path | None = None, name: str = "") -> None:
        """Make one in the folder `beside`, else where the system keeps passing files.

        It is moved to its place once its marker is locked: until then nobody takes it for a dead one.
        Raises OSError, or ConfigError for a name that is not UTF-8.
        """
        root = beside or Path(tempfile.gettempdir())
        if not is_text(str(root)):  # DuckDB reads files there
            raise ConfigError(f"{str(root)!r} is not text in UTF-8: set TMPDIR to another folder.")
        sweep(root, name)
        making = Path(tempfile.mkdtemp(prefix=_MAKING, dir=root))
        self._lock = os.open(making / MARKER, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.path = root / f"{name}{PREFIX}{making.name.removeprefix(_MAKING)}"
        making.rename(self.path)

    def close(self) -> None:
        """Remove the folder and all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()


def sweep(root: Path, name: str = "") -> None:
    """Remove the folders that processes left which are gone: there may be names of listeners in them."""
    for folder in root.glob(f"{_escaped(name)}{PREFIX}*"):
        try:
            held = _take(folder)
        except OSError:  # it is not ours, or somebody works in it
            continue
        try:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(held)


def _take(folder: Path) -> int:
    """The lock of a folder that nobody holds. Raises OSError for any other."""
    own = folder.lstat()
    if not stat.S_ISDIR(own.st_mode) or own.st_uid != os.geteuid():
        raise PermissionError(folder)
    held = os.open(folder / MARKER, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        raise
    return held


def _escaped(name: str) -> str:
    """A name as a pattern that matches nothing else."""
    return "".join(f"[{one}]" if one in "*?[" else one for one in name)
