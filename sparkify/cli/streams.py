"""The standard streams as a command line needs them: what cannot be written is said in one line.

Python would end a lost stdout in a traceback, and a closed one is None. Here stdout raises OutputError,
or ReaderLeft if whoever read it has seen enough, and what stderr does not take is dropped: a run must
not fail because nobody hears it. A character that the terminal's encoding lacks is escaped.
"""

import io
import os
import sys

from sparkify.errors import OutputError


class ReaderLeft(Exception):
    """Whoever reads our output has seen enough."""


class _Stdout(io.FileIO):
    """Where data goes; after the first failure it goes nowhere."""

    _lost = False

    def write(self, data: "bytes | memoryview") -> int:  # type: ignore[override]  # any buffer will do
        try:
            return len(data) if self._lost else super().write(data)
        except OSError as error:
            self._lost = True
            if isinstance(error, BrokenPipeError):
                raise ReaderLeft from error
            raise OutputError(f"the output cannot be written: {error.strerror}.") from error


class _Stderr(io.FileIO):
    """Where messages go; one that cannot be written is dropped."""

    def write(self, data: "bytes | memoryview") -> int:  # type: ignore[override]  # any buffer will do
        try:
            return super().write(data)
        except OSError:
            return len(data)


def open_streams() -> None:
    """Replace stdout and stderr, once, before anything is printed."""
    for number in (0, 1, 2):  # a closed one must not become the number of the warehouse's file
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)
    encodings = [getattr(stream, "encoding", None) or "utf-8" for stream in (sys.stdout, sys.stderr)]
    sys.stdout = _text(_Stdout(1, "wb", closefd=False), encodings[0])
    sys.stderr = _text(_Stderr(2, "wb", closefd=False), encodings[1], line_buffering=True)


def _text(raw: io.FileIO, encoding: str, *, line_buffering: bool = False) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=encoding,
        errors="backslashreplace",
        line_buffering=line_buffering or raw.isatty(),
    )
