"""The lock of a DuckDB file: a writer holds it, a reader takes it only to open the file.

DuckDB lets many read or one write, and turns everybody else away at once. Here they queue for a
lock file beside the warehouse instead: a writer keeps it for its whole run, a reader only while
it opens the file. So a stream of readers cannot starve a writer, and nobody is turned away early.
"""

import contextlib
import datetime as dt
import errno
import fcntl
import json
import os
import stat
import sys
import time
from pathlib import Path

from sparkify.errors import BusyError, ConfigError


def program() -> str:
    """What this process is called: `sparkify`, or the script that imports it."""
    path = Path(sys.argv[0])
    return path.parent.name if path.name == "__main__.py" else path.name


class FileLock:
    """An advisory lock on `<file>.lock`, freed by the operating system if its holder dies."""

    def __init__(self, file: str, *, exclusive: bool) -> None:
        self._path = Path(f"{file}.lock")
        self._file = file
        self._writer = exclusive
        self._handle: int | None = None
        self._is_noted = exclusive
        """Whether it is written down who holds it."""

    def acquire(self, deadline: float) -> None:
        """Take the lock, waiting until `deadline` (monotonic seconds).

        Raises BusyError naming the holder; a reader who may not write beside the warehouse needs none.
        """
        try:
            self._handle = self._open()
        except OSError as error:
            if not self._writer:
                return
            reason = "it is a link" if error.errno == errno.ELOOP else error.strerror
            if not (folder := Path(self._path).absolute().parent).is_dir():
                reason = f"there is no folder {folder}"
            raise ConfigError(
                f"{self._path} cannot be made: {reason}. Check --warehouse, or [WAREHOUSE] FILE."
            ) from error
        while True:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    holder = self._read_holder()
                    self.release()
                    raise BusyError(
                        f"{self._file} is held by {holder}. Try again later, or with a longer --wait."
                    ) from None
                time.sleep(0.02)
            else:
                break
        if self._is_noted:
            since = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
            note = {"pid": os.getpid(), "command": program(), "since": since}
            text = json.dumps(note).encode()
            os.pwrite(self._handle, text, 0)
            os.ftruncate(self._handle, len(text))

    def _open(self) -> int:
        """The lock file, made if there is none, as private as the warehouse. Raises OSError.

        What lies there and is no lock of ours is not written to: a link, another name of a file, other text.
        """
        try:
            mode = stat.S_IMODE(os.stat(self._file).st_mode) & 0o666  # noqa: PTH116  # as os.open
        except OSError:
            mode = 0o666
        flags = os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | flags, mode | stat.S_IWUSR)
        except PermissionError:
            if not os.path.lexists(self._path):
                raise
            handle, self._is_noted = os.open(self._path, os.O_RDONLY | flags), False  # it locks as well
        found = os.fstat(handle)
        head = os.pread(handle, 64, 0) if stat.S_ISREG(found.st_mode) else b"?"
        if found.st_nlink > 1 or (head and not head.startswith(b'{"pid": ')):
            os.close(handle)
            raise FileExistsError(errno.EEXIST, "another file lies there", str(self._path))
        if stat.S_IMODE(found.st_mode) & ~mode & 0o077 and found.st_uid == os.geteuid():
            os.fchmod(handle, mode)  # it was made while the warehouse was open to others
        return handle

    def release(self) -> None:
        """Let the next one through."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _read_holder(self) -> str:
        with contextlib.suppress(OSError, ValueError, KeyError):
            note = json.loads(self._path.read_text())
            return f"{note['command']} (process {note['pid']}) since {note['since']}"
        return "another process"
