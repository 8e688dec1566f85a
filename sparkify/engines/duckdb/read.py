"""A file on its way into DuckDB's staging, and the records that are rewritten for DuckDB to read."""

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from sparkify.engines.base import KeyCounts, Staged
from sparkify.engines.dialect import duckdb_text
from sparkify.engines.key_tally import KeyTally
from sparkify.engines.record import RecordReader
from sparkify.source.fetch import has_changed
from sparkify.source.file import NewFile
from sparkify.source.scan import FileScan, unreadable
from sparkify.source.store import open_file
from sparkify.source.tally import BLANKS, LONGEST_RECORD

LARGEST_OBJECT = 12 << 20
"""What DuckDB's reader must hold of one line; longer ones are seen by `scan_file` and kept from it."""

FIRST = 10_000
"""Records that are gathered before the first of them are looked at; after that, as many again each time."""
LARGEST = 4_000_000
"""Records that are gathered at once: what is beside them lies in memory."""


@dataclass
class Read:
    """A file on its way into staging."""

    file: NewFile
    scan: FileScan
    rows: int = 0
    values: int | None = None
    absent: KeyCounts = field(default_factory=dict)
    unknown: KeyCounts = field(default_factory=dict)
    no_objects: int = 0
    """Lines that are no JSON object; 0 if nobody looked."""
    is_rewritten: bool = False
    """Whether lane 3 took other values from it than a JSON reader does."""
    has_changed: bool | None = None
    """Whether somebody wrote to it while it was read; None if nobody asked yet."""

    def has_no_other_key(self, reader: RecordReader, rows: int) -> bool:
        """Whether no record has a key, be it of a null, that no column takes.

        Counts tell of every value. Where as many records lack another key, a key of nulls alone is seen in
        the first record, and in the last of a file that is not compressed.
        """
        surplus = self.scan.tally.keys - rows * len(reader.keys)
        if surplus > 0:
            return False
        looked_at = [self.scan.first_line]
        if self.scan.compression == "none":
            with open_file(self.file.path) as handle:
                handle.seek(self.scan.tail)
                looked_at.append(handle.read(LONGEST_RECORD))
        seen = [reader.read(line.strip(BLANKS)) for line in looked_at]
        return not any(one.unknown or (one.absent and not surplus) for one in seen)


class UnreadError(Exception):
    """DuckDB's reader refused one of these files."""

    def __init__(self, uris: set[str], said: str) -> None:
        super().__init__(f"{min(uris)} cannot be read by DuckDB ({said})")
        self.uris = uris


class Gathered:
    """What is beside each line of the gathered file."""

    def __init__(self) -> None:
        self.most, self.total = FIRST, 0
        self.clear()

    def clear(self) -> None:
        """Begin another file of at most as many records as there were until now."""
        self.files, self.records = array("i"), array("i")
        self.values, self.asides, self.units = array("i"), array("i"), array("i")
        self.most = min(max(FIRST, self.total), LARGEST)

    def add(
        self, read: Read, lines: Iterable[tuple[int, bytes]], reader: RecordReader, out: BinaryIO
    ) -> Iterator[None]:
        """Write the records of a file, each fit for a JSON reader; one that is none becomes an empty list.

        It stops each time that there are as many as may be.
        """
        keys, read.rows = KeyTally(), 0
        for number, line in lines:
            if len(self.files) == self.most:
                yield
            read.rows += 1
            if unreadable(line):
                keys.no_objects += 1
                out.write(b"[]\n")
                self._place(read.file.file_id, number)
                continue
            record = reader.read(line)
            if record.unknown or record.absent or not record.is_object:
                keys.add(number, record)
            read.is_rewritten |= record.is_rewritten
            self._place(read.file.file_id, number, record.values, record.aside, record.unit)
            out.write(record.line)
            out.write(b"\n")
        read.unknown, read.absent, read.no_objects = keys.unknown, keys.absent, keys.no_objects

    def _place(self, file_id: int, record: int, values: int = 0, aside: int = 0, unit: int = 0) -> None:
        self.files.append(file_id)
        self.records.append(record)
        self.values.append(values)
        self.asides.append(aside)
        self.units.append(unit)
        self.total += 1


def as_staged(read: Read) -> Staged:
    seen = read.scan
    if seen.problem is None and seen.tally.keys and not read.rows:
        raise AssertionError(f"{read.file.uri} holds {seen.tally.keys:,} keys, and no record of it was read")
    return Staged(
        file_id=read.file.file_id,
        records_read=1 if seen.problem else read.rows,
        content_hash=seen.content_hash,
        lines=seen.lines,
        tail=seen.tail,
        problem=seen.problem,
        values=read.values,
        unknown_keys=read.unknown,
        absent_keys=read.absent,
        no_objects=read.no_objects,
    )


def changed_meanwhile(read: Read) -> bool:
    """Whether somebody wrote to the file while it was read: then it waits for the next run."""
    return has_changed(read.file) if read.has_changed is None else read.has_changed


def pattern(path: str) -> str | None:
    """A path as DuckDB takes it for this one file, since every path is a pattern to it; None if it cannot.

    >>> pattern("/a/log[1].json"), pattern("/a/x.json")
    ('/a/log[[]1].json', '/a/x.json')
    """
    if not any(one in path for one in "*?[\\"):
        escaped = path
    elif "\\" in path:
        return None
    else:
        escaped = "".join(f"[{one}]" if one in "*?[" else one for one in path)
    return escaped if escaped.isprintable() else None


def read_json(keys: Sequence[str], numbers: Collection[str], compression: str, files: str) -> str:
    """DuckDB's reader of these keys, every value as text, but for numbers; `files` is a list of patterns, in
    its words."""
    packing = "uncompressed" if compression == "none" else compression
    columns = ", ".join(f"{duckdb_text(key)}: '{'DOUBLE' if key in numbers else 'VARCHAR'}'" for key in keys)
    return (
        f"read_json({files}, columns = {{{columns}}}, format = 'newline_delimited', ignore_errors = true, "
        f"compression = '{packing}', maximum_object_size = {LARGEST_OBJECT}, hive_partitioning = false)"
    )


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
