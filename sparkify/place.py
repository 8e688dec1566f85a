"""Where a file may be written: not where the app writes, nor over a file of another kind, nor a warehouse's.

Whatever writes a file for the user asks here first, and whoever looks what a file is: a database that this
process has open is not looked into.
"""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sparkify.config import S3
from sparkify.errors import ConfigError

REPORT = "<!doctype html>\n<!-- Made by sparkify. -->"
METRICS = "# HELP sparkify_"
CHART = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 '
MARKDOWN = "# "
DOCUMENT = "{\n"
"""How files begin that sparkify writes, of each kind."""

OF_SOURCE = ("song_data", "log_data")
"""The names of the folders where the app writes."""
OF_WAREHOUSE = (".wal", ".lock", ".tmp")
"""How the names of files end that lie beside a warehouse and are part of it."""
OF_COPY = ".snapshot"
"""What the name of its copy for readers has before the ending."""


def require_place(out: Path, s3: S3, begins: str) -> None:
    """Raise ConfigError if a file must not be written there: what lies there is no earlier one of its kind.

    Such a file `begins` alike. What is no regular file, such as /dev/stdout, is written to.
    """
    require_foreign(out, s3)
    with _named(out):
        why = ""
        if out.is_dir() or not out.parent.is_dir():
            why = "it is a folder" if out.is_dir() else f"there is no folder {out.parent}"
        elif is_duckdb(out):
            why = "a warehouse lies there"
        elif out.is_file() and not _begins(out, begins):
            why = "what lies there is not what sparkify wrote there before"
    if why:
        raise ConfigError(f"{out} cannot be written: {why}. Choose another file.")


def require_foreign(out: Path, s3: S3) -> None:
    """Raise ConfigError for a name that a warehouse keeps for itself, and for a place in a source.

    A source that the configuration does not name is known by the names of its folders.
    """
    with _named(out):
        place = out.resolve()
        place.exists()  # which a name that is too long does not survive
        around = (place, *place.parents, *out.absolute().parents)
        if inner := next((folder for folder in around if folder.name in OF_SOURCE), None):
            raise ConfigError(f"{out} lies in the source, {inner}: the next load would read it.")
        for folder in (s3.log_data or f"{s3.source}/log_data", s3.song_data or f"{s3.source}/song_data"):
            is_named = s3.source or folder in (s3.log_data, s3.song_data)
            if is_named and place.is_relative_to(Path(folder).resolve()):
                raise ConfigError(f"{out} lies in the source, {folder}: the next load would read it.")
        owners = [place.with_suffix("")] if place.suffix in OF_WAREHOUSE else []
        if place.name and place.with_suffix("").suffix == OF_COPY:
            owners.append(place.with_suffix("").with_suffix(place.suffix))
        owner = next(filter(is_duckdb, owners), None)
    if owner:
        raise ConfigError(
            f"{out} cannot be written: it is the warehouse's own name, of {owner.name}. Choose another file."
        )


@contextmanager
def _named(out: Path) -> Iterator[None]:
    """What cannot be a path is said in one line."""
    try:
        yield
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"{str(out)!r:.200} cannot be written: {why}. Choose another file.") from error


def _begins(file: Path, text: str) -> bool:
    """Whether a file begins with this text, but for blanks, or is empty."""
    with file.open("rb") as handle:
        held = handle.read(200).lstrip()
    return not held or held.startswith(text.encode())


def is_duckdb(file: Path) -> bool:
    """Whether a DuckDB database lies there."""
    return file.is_file() and head_of(file)[8:] == b"DUCK"


def head_of(file: Path) -> bytes:
    """The first twelve bytes of a file; of one that this process has open, a database's. Raises OSError.

    Closing any handle of a file frees all locks that a process has on it (POSIX, fcntl), and another process
    might write while DuckDB reads. So nobody looks into such a file, nor opens one while it is looked into.
    """
    with _looking:
        if _is_held(file):
            return bytes(8) + b"DUCK"
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK)  # a pipe is empty then
        try:
            return os.read(handle, 12)
        finally:
            os.close(handle)


@contextmanager
def holding(file: str) -> Iterator[None]:
    """In the block this process has the database open."""
    whole = os.path.realpath(file)
    with _looking:
        _held[whole] += 1
    try:
        yield
    finally:
        with _looking:
            _held[whole] -= 1
            if not _held[whole]:
                del _held[whole]


def openings(file: str) -> int:
    """How often this process has the database open."""
    with _looking:
        return _held[os.path.realpath(file)]


def _is_held(file: Path) -> bool:
    """Whether it is one of those, by whatever name."""
    for one in _held:
        with suppress(OSError):
            if file.samefile(one):
                return True
    return False


_held: Counter[str] = Counter()
_looking = threading.Lock()
