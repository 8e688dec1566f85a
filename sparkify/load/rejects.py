"""Records that could not be loaded: kept with their file, their line, the reason and their text."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sparkify.engines.base import Dataset, Engine, NewFile
from sparkify.engines.reading import LONGEST_RECORD, diagnose, records
from sparkify.errors import RetryError
from sparkify.load.judge import refuse

KEPT = 65_535
"""Bytes of a record that are kept whole, as etl_reject holds them; base64 makes 4 bytes of 3."""


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


def collect_rejects(engine: Engine, dataset: Dataset, files: Mapping[int, NewFile]) -> list[Reject]:
    """The rejects among the records that were just staged, with their text from the files.

    What a JSON reader sees as a row without values may be no JSON at all: the text tells. Raises RetryError
    if a file ends before the record does that was read from it: somebody cut it, or the line to its store.
    """
    judged: dict[int, dict[int, str]] = {}
    for file_id, record, reason in engine.query(refuse(dataset)).rows:
        judged.setdefault(file_id, {})[record] = reason
    found: list[Reject] = []
    for file_id, reasons in judged.items():
        last, before = max(reasons), len(found)
        for record, line in records(files[file_id]):
            if record in reasons:
                found.append(keep(file_id, record, diagnose(line) or reasons[record], line))
            if record >= last:
                break
        if len(found) - before < len(reasons):
            raise RetryError(f"{files[file_id].uri} is shorter now than when it was read.")
    return found


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
