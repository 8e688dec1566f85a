"""Records that could not be loaded: kept with their file, their line, the reason and their text."""

import base64
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sparkify.engines.base import Engine
from sparkify.engines.extra import too_long
from sparkify.engines.record import RecordReader
from sparkify.errors import RetryError
from sparkify.source.file import NewFile
from sparkify.source.scan import diagnose, records
from sparkify.source.tally import LONGEST_RECORD

KEPT = 65_535
"""Bytes of a record that are kept whole, as etl_reject holds them; base64 makes 4 bytes of 3."""


AT_ONCE = 32 << 20
"""Bytes of rejected text that are held before they are written."""


@dataclass(frozen=True)
class Reject:
    """One record that was rejected, or with record 0 a whole file."""

    file_id: int
    record: int
    reason: str
    encoding: str
    raw_text: str | None

    @property
    def place(self) -> str:
        return f"record {self.record}" if self.record else "whole file"


class Found(NamedTuple):
    """What the text of a file's records tells."""

    rejects: list[Reject]
    extras: list[tuple[int, int, str | None, int, int]]
    """(file_id, record, its `extra`, values that do not fit, 1 if rejected after all) as in `raw_extra`."""


class Lines:
    """The records of files, read on from where the last question ended."""

    def __init__(self, files: Mapping[int, NewFile]) -> None:
        self.files = files
        self._open: tuple[int, int, Iterator[tuple[int, bytes]]] = (-1, 0, iter(()))

    def of(self, file_id: int, wanted: Collection[int]) -> Iterator[tuple[int, bytes]]:
        """Those of these numbers. Raises RetryError if the file ends before, or is gone: it was changed."""
        file, last, seen = self.files[file_id], max(wanted), 0
        known, at, lines = self._open
        if known != file_id or min(wanted) <= at:
            lines = records(file)
        try:
            for record, line in lines:
                if record in wanted:
                    seen += 1
                    yield record, line
                if record >= last:
                    break
        except FileNotFoundError as error:
            raise RetryError(f"{file.uri} was removed while it was read.", at_once=True) from error
        self._open = file_id, last, lines
        if seen < len(wanted):
            raise RetryError(f"{file.uri} is shorter now than when it was read.")


def look_up(
    lines: Lines,
    file_id: int,
    reader: RecordReader,
    invalid: Mapping[int, str],
    misfits: Mapping[int, Mapping[str, str]],
) -> Iterator[Found]:
    """The text of records that are rejected, and the `extra` of those in which values do not fit.

    `invalid` has the reason by line, `misfits` by line and column. What a JSON reader sees as a row without
    values may be no JSON at all: the text tells. It comes in parts of bounded size.
    """
    found, size = Found([], []), 0
    for record, line in lines.of(file_id, invalid.keys() | misfits.keys()):
        size += min(len(line), KEPT)
        if record in invalid:
            why = diagnose(line) or reader.problem(line) or invalid[record]
            found.rejects.append(keep(file_id, record, why, line))
        else:
            extra, aside = reader.misfits(line, misfits[record])
            if problem := too_long(extra):
                found.rejects.append(keep(file_id, record, problem, line))
                found.extras.append((file_id, record, None, 0, 1))
            else:
                found.extras.append((file_id, record, extra, aside, 0))
        if size > AT_ONCE:
            yield found
            found, size = Found([], []), 0
    yield found


def keep(file_id: int, record: int, reason: str, line: bytes) -> Reject:
    """A reject with as much of its text as is kept."""
    if len(line) <= KEPT and (text := _clean_text(line)) is not None:
        return Reject(file_id, record, reason, "text", text)
    if len(line) <= KEPT // 4 * 3:
        return Reject(file_id, record, reason, "base64", base64.b64encode(line).decode())
    head = base64.b64encode(line[: KEPT // 4 * 3]).decode()
    known = "first " if len(line) > LONGEST_RECORD else ""
    digest = hashlib.sha256(line).hexdigest()
    return Reject(file_id, record, f"{reason} ({known}{len(line):,} bytes, SHA-256 {digest})", "head", head)


def decoded(encoding: str, raw_text: str) -> bytes:
    """The bytes that a reject's text stands for."""
    return raw_text.encode() if encoding == "text" else base64.b64decode(raw_text)


def insert_rejects(engine: Engine, run_id: int, rejects: Sequence[Reject]) -> None:
    """Write rejects to `etl_reject`."""
    engine.insert(
        "etl_reject",
        ("run_id", "file_id", "record", "reason", "encoding", "raw_text"),
        [(run_id, r.file_id, r.record, r.reason, r.encoding, r.raw_text) for r in rejects],
    )


def _clean_text(line: bytes) -> str | None:
    """The line as text if a database can hold it and a terminal can show it."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if all(c.isprintable() or c == "\t" for c in text) else None
