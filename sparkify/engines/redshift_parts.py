"""Records of many files in a few gzip parts, each with its file and line, for a COPY to read at once."""

import gzip
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sparkify.engines.reading import diagnose

_LINEAGE = re.compile(rb'\{"sparkify_file_id":(\d+),"sparkify_record":(\d+)')


class Parts:
    """A few gzip files that records are dealt out to, file by file."""

    def __init__(self, folder: Path, count: int) -> None:
        self._paths = [folder / f"part{number}.json.gz" for number in range(count)]
        self._open: dict[Path, Any] = {}
        self._next = 0

    def add(self, file_id: int, found: Iterator[tuple[int, bytes]]) -> int:
        """Add a file's records; return how many there are."""
        path = self._paths[self._next % len(self._paths)]
        self._next += 1
        count = 0
        for record, line in found:
            if path not in self._open:
                self._open[path] = gzip.open(path, "wb", 1)  # noqa: SIM115  # closed with all others
            self._open[path].write(_with_lineage(file_id, record, line))
            count += 1
        return count

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


def _with_lineage(file_id: int, record: int, line: bytes) -> bytes:
    """The record with its file and line; where it is none, these alone, which the judge will refuse."""
    head = b'{"sparkify_file_id":%d,"sparkify_record":%d' % (file_id, record)
    body = line.strip()
    if diagnose(body) is not None or body[1:-1].strip() == b"":
        return head + b"}\n"
    return head + b"," + body[1:] + b"\n"
