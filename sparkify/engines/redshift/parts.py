"""Records of many files in a few gzip parts, each with its file and line, for a COPY to read at once."""

import gzip
import itertools
import json
import re
import uuid
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from sparkify.engines.base import Staged
from sparkify.engines.dialect import literal
from sparkify.engines.key_tally import KeyTally
from sparkify.engines.record import EXTRA_KEY, OWN, RecordReader
from sparkify.source.file import NewFile
from sparkify.source.scan import diagnose, records, scan_file, unreadable

LINEAGE = {
    "file_id": f"{OWN}file_id",
    "record": f"{OWN}record",
    "vals": f"{OWN}vals",
    "aside": f"{OWN}aside",
    "unit": f"{OWN}unit",
    "extra": EXTRA_KEY,
}
"""Columns of a raw table that no file fills, and under which key a part carries each."""
_HEAD = b'{"%s":%%d,"%s":%%d,"%s":%%d,"%s":%%d,"%s":%%d' % tuple(
    LINEAGE[name].encode() for name in ("file_id", "record", "vals", "aside", "unit")
)
_LINEAGE = re.compile(rb'\{"%sfile_id":(\d+),"%srecord":(\d+)' % (OWN.encode(), OWN.encode()))
_NULL_STRING = re.compile(rb'(?<!\\)"(?:\\\\|\\u005[cC])N"(?=\s*[,}])')
r"""A value \N: COPY's default null string. Whether in JSON too, which takes no NULL AS, AWS does not say."""


class CopyBatch:
    """A few gzip files that records are dealt out to, file by file."""

    def __init__(self, folder: Path, count: int) -> None:
        self._paths = [folder / f"part{number}.json.gz" for number in range(count)]
        self._open: dict[Path, Any] = {}
        self._next = 0
        self._null_string = rf"\N{uuid.uuid4().hex}"
        r"""What stands in the parts for a value \N, which COPY may take for NULL."""
        self._quoted = json.dumps(self._null_string).encode()
        self.has_null_string = False

    def add(
        self, file_id: int, found: Iterator[tuple[int, bytes]], reader: RecordReader, keys: KeyTally
    ) -> int:
        """Add a file's records; how many there are."""
        path = self._paths[self._next % len(self._paths)]
        self._next += 1
        count = 0
        for number, line in found:
            if path not in self._open:
                self._open[path] = gzip.open(path, "wb", 1)  # noqa: SIM115  # closed with all others
            text = _with_lineage(file_id, number, line, reader, keys)
            if b'N"' in text:
                text, times = _NULL_STRING.subn(lambda _: self._quoted, text)
                self.has_null_string |= times > 0
            self._open[path].write(text)
            count += 1
        return count

    def restoring(self, columns: Collection[str]) -> str:
        r"""SET and WHERE of an UPDATE that makes these values \N again."""
        given, text = literal(self._null_string), literal(r"\N")
        values = ", ".join(f"{one} = CASE WHEN {one} = {given} THEN {text} ELSE {one} END" for one in columns)
        return f"SET {values} WHERE {given} IN ({', '.join(columns)})"

    def close(self) -> list[Path]:
        """Finish; the parts that hold anything."""
        for handle in self._open.values():
            handle.close()
        return list(self._open)


def lineage_of(part: Path, line: int) -> tuple[int, int]:
    """(file, record) of a line of a part."""
    with gzip.open(part) as lines:
        found = _LINEAGE.match(next(itertools.islice(lines, line - 1, None)))
    assert found is not None  # every line of a part begins so
    return int(found[1]), int(found[2])


def _with_lineage(file_id: int, number: int, line: bytes, reader: RecordReader, keys: KeyTally) -> bytes:
    """The record with its file and line; where it is none, these alone, which validation rejects."""
    if unreadable(line):
        keys.no_objects += 1
        return _HEAD % (file_id, number, 0, 0, 0) + b"}\n"
    record = reader.read(line)
    keys.add(number, record)
    body = record.line.strip()
    if diagnose(body) is not None or body[1:-1].strip() == b"":
        return _HEAD % (file_id, number, 0, 0, 0) + b"}\n"
    head = _HEAD % (file_id, number, record.values, record.aside, record.unit)
    return head + b"," + body[1:] + b"\n"


def gathered(reader: RecordReader, file: NewFile, parts: CopyBatch) -> Staged:
    """What was found in a file whose records were added to the parts."""
    seen, keys = scan_file(file), KeyTally()
    read = 1
    if seen.problem is None:
        with suppress(FileNotFoundError):  # `has_changed` tells of a file that was removed
            read = parts.add(file.file_id, records(file), reader, keys)
    return Staged(
        file.file_id, read, seen.content_hash, seen.lines, seen.tail, seen.problem,
        unknown_keys=keys.unknown, absent_keys=keys.absent, no_objects=keys.no_objects,
    )  # fmt: skip
