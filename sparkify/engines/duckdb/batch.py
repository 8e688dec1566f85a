"""The files of one call on their way through the three lanes into DuckDB's staging (see `stage`)."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb

from sparkify.engines.base import KeyCount, KeyCounts
from sparkify.engines.dialect import duckdb_text
from sparkify.engines.duckdb.raw import RawTables
from sparkify.engines.duckdb.read import (
    Gathered,
    Read,
    UnreadError,
    changed_meanwhile,
    pattern,
    quoted,
    read_json,
)  # fmt: skip
from sparkify.engines.record import EXTRA_KEY, RecordReader
from sparkify.source.fetch import differs
from sparkify.source.file import NewFile
from sparkify.source.local import read_small
from sparkify.source.scan import (
    count_key,
    diagnose,
    key_mark,
    records,
    scan_file,
    scan_record,
    unreadable_file,
)
from sparkify.source.tally import NumberKeys, Tally

FEW = 1000  # lines of a file that are no records and are still looked at one by one
_NULL = re.compile(rb'": ?nu')
"""What a scan takes for a null (`tally`): of a torn line it may be only the beginning."""


class Batch:
    """The files of one call on their way through the lanes."""

    def __init__(
        self,
        raw: RawTables,
        reader: RecordReader,
        typed: Collection[str],
        accept: Callable[[Collection[str]], str],
        scratch: Path,
    ) -> None:
        self._raw = raw
        self._typed, self._accept = typed, accept
        keys = {column: key for column, key in reader.keys.items() if column in typed}
        others = [key for column, key in reader.keys.items() if column not in typed]
        self._number_keys = NumberKeys(keys.values(), others) if reader.is_flat else None
        self._scratch = scratch
        self.reader = reader
        self._reads: list[Read] = []
        self.is_lost = False
        """Whether the run is lost, so that not all was read."""

    def reads(self) -> Sequence[Read]:
        """The files, but for those of which nothing was read since the run is lost."""
        found = [read for read in self._reads if read.rows or read.scan.problem or not self.is_lost]
        return sorted(found, key=lambda read: read.file.file_id)

    def scan_files(self, files: Sequence[NewFile]) -> list[Read]:
        with ThreadPoolExecutor(2) as pool:
            seen = pool.map(partial(scan_file, number_keys=self._number_keys), files)
            reads = [Read(file, one) for file, one in zip(files, seen, strict=True)]
        self._reads += reads
        return reads

    def changed(self) -> Collection[int]:
        """The files that somebody wrote to while they were read: they wait for the next run."""
        return {read.file.file_id for read in self._reads if changed_meanwhile(read)}

    def accept_plain(self, reads: list[Read], compression: str) -> list[Read]:
        """Lane 1: take in plain files in one go; return those that hold anything but records in which all is
        as expected. The good ones of these are in now, and have no number yet."""
        ids = [read.file.file_id for read in reads]
        written = frozenset().union(*(read.scan.tally.written for read in reads))
        typed = [column for column in self._typed if self.reader.keys[column] not in written]
        named = ", ".join(f"{quoted(self.reader.keys[column])} AS {column}" for column in self._raw.columns)
        files = ", ".join(duckdb_text(pattern(read.file.path) or "") for read in reads)
        self._raw.sql(
            f"CREATE OR REPLACE TEMP VIEW {self._raw.name} AS "
            f"SELECT {ids}[file_index::BIGINT + 1] AS file_id, NULL::INTEGER AS record, {named} "
            f"FROM {self._read_json(compression, f'[{files}]', typed=typed)}"
        )
        self._read_files(reads, compression, self._accept(typed))
        counted = self._raw.count(
            f"SELECT file_id, min(rowid), count(*), {self._raw.counts} FROM {self._raw.staging} "
            "WHERE file_id BETWEEN $1 AND $2 AND record IS NULL GROUP BY file_id",
            [min(ids), max(ids)],
        )
        good, kept, others = [], [], []
        for read in reads:
            first, rows, counts, floats = counted.get(read.file.file_id, (0, 0, {}, 0))
            tally = read.scan.tally
            values = tally.keys - tally.nulls - sum(map(self._empty(tally), self._raw.numbers))
            is_whole = rows == read.scan.lines and values == sum(counts.values()) and not floats
            if is_whole and read.has_no_other_key(self.reader, rows):
                read.rows, read.values = rows, values
                read.absent = self._absent(read, counts)
                good.append((read.file.file_id, first - 1))
            else:
                others.append(read)
                if rows:
                    kept.append((read.file.file_id, first - 1, rows))
        self._raw.insert_rows("raw_place", ("file_id", "shift"), good)
        self._raw.insert_rows("raw_kept", ("file_id", "shift", "records"), kept)
        staging = self._raw.staging
        self._raw.sql(
            f"UPDATE {staging} SET record = {staging}.rowid - p.shift FROM raw_place AS p "
            f"WHERE p.file_id = {staging}.file_id AND {staging}.record IS NULL"
        )
        return others

    def read_plain(self, reads: list[Read], compression: str) -> list[Read]:
        """Lane 2: read plain files into the raw table in one go; return those that must go to lane 3."""
        if not reads:
            return []
        known = self._raw.sql("SELECT coalesce(max(part), -1) + 1 FROM raw_plain")[0][0]
        selected = ", ".join(quoted(self.reader.keys[column]) for column in self._raw.columns)
        self._read_files(
            reads,
            compression,
            f"INSERT INTO raw_plain SELECT file_index + {known}, {selected} "
            f"FROM {self._read_json(compression)}",
            [[pattern(read.file.path) for read in reads]],
        )
        counted = self._raw.count(
            f"SELECT part, min(rowid), count(*), {self._raw.counts} FROM raw_plain "
            "WHERE part >= $1 GROUP BY part",
            [known],
        )
        suspicious = []
        parts: list[tuple[int, int, int]] = []
        for number, read in enumerate(reads, start=known):
            first, read.rows, counts, floats = counted.get(number, (0, 0, {}, 0))
            is_whole = read.rows == read.scan.lines - read.file.lines_before
            torn = None
            if (
                is_whole
                and not floats
                and read.has_no_other_key(self.reader, read.rows)
                and not self._has_written_moments(number)
            ):
                torn = self._find_torn(read, number, first, counts)
            if torn is not None:
                read.absent, read.no_objects = self._absent(read, counts, torn), len(torn)
                if read.rows:  # the number of an empty file is the next one's too: no row has taken it
                    parts.append((number, read.file.file_id, first - 1))
            else:
                read.rows = 0
                suspicious.append(read)
        # Suspicious files have no row in raw_part, so their rows in raw_plain are never seen.
        self._raw.insert_rows("raw_part", ("part", "file_id", "shift"), parts)
        return suspicious

    def _has_written_moments(self, part: int) -> bool:
        """Whether moments are written as text or with a fraction, which only lane 3 converts."""
        if self.reader.moment is None:
            return False
        written = r"^\s*(\d{4}-\d\d-\d\d|-?\d+[.eE])"
        found = self._raw.sql(
            f"SELECT 1 FROM raw_plain WHERE part = $1 AND regexp_matches({self.reader.moment}, $2) LIMIT 1",
            [part, written],
        )
        return bool(found)

    def _find_torn(
        self, read: Read, part: int, first: int, counts: Mapping[str, int]
    ) -> Sequence[bytes] | None:
        """The lines that are no records; None if the raw table lacks a value of any other.

        A record that DuckDB's reader refuses, and another reader does not, such as one with half of a
        surrogate pair, is none of these.
        """
        values = missing = read.scan.tally.keys - read.scan.tally.nulls - sum(counts.values())
        # a column has a value in every line
        if missing == 0 and max(counts.values(), default=0) == read.rows:
            return ()
        nothing = " AND ".join(f"{column} IS NULL" for column in self._raw.columns)
        lines = {
            place - first + 1
            for (place,) in self._raw.sql(
                f"SELECT rowid FROM raw_plain WHERE part = $1 AND {nothing} LIMIT {FEW}", [part]
            )
        }
        if len(lines) == FEW:
            return None
        if not lines:
            return None if missing else ()
        torn = []
        for number, line in records(read.file):
            if number - read.file.lines_before in lines:
                if diagnose(line) is not None:
                    torn.append(line)
                    values -= line.count(b'":') - len(_NULL.findall(line))
                elif missing:
                    return None  # a record that DuckDB refuses: a mark before it, half a character in it
        return torn if values == 0 else None

    def _empty(self, tally: Tally) -> Callable[[str], int]:
        """How many texts of a column are empty in the file's bytes."""
        return lambda column: tally.empty.get(self.reader.keys[column].encode(), 0)

    def _absent(self, read: Read, counts: Mapping[str, int], torn: Sequence[bytes] = ()) -> KeyCounts:
        """In how many records each key is absent, if it is: that is no wonder where nulls are left out.

        Torn lines are no records, whatever stands in them.
        """
        tally, found, rows = read.scan.tally, {}, read.rows - len(torn)
        if tally.keys - sum(line.count(b'":') for line in torn) >= rows * len(counts):
            return {}
        for column, values in counts.items():
            key = self.reader.keys[column]
            is_told = tally.nulls == 0 and (column in self._raw.texts or not self._empty(tally)(column))
            there = values
            if not is_told and values < rows:
                mark = key_mark(key)
                there = count_key(read.file, key) - sum(line.count(mark) for line in torn)
            if there < rows:
                found[key] = KeyCount(rows - there, None)
        return found

    def gather(
        self, tiny: Sequence[NewFile], careful: Sequence[Read], is_lost: Callable[[int], bool]
    ) -> None:
        """Lane 3: write the records of all these files one a line into one file, and read that.

        Nobody has scanned the tiny ones before. Once all are, what follows after `is_lost` is left out.
        """
        self._raw.show()
        out, known = Gathered(), len(self._reads) + len(tiny)
        with self._scratch.open("wb") as handle:
            for read, lines in chain(self._read_tiny(tiny), ((read, records(read.file)) for read in careful)):
                for _ in out.add(read, lines, self.reader, handle):
                    handle.flush()
                    self._read_gathered(out)
                    handle.seek(0)
                    handle.truncate()
                    out.clear()
                    is_scanned = len(self._reads) == known
                    if is_scanned and is_lost(sum(one.scan.lines for one in self._reads)):
                        self.is_lost = True
                        return
        self._read_gathered(out)

    def _read_tiny(self, files: Sequence[NewFile]) -> Iterator[tuple[Read, Iterable[tuple[int, bytes]]]]:
        """Each file that can be read, and its records."""
        for file in files:
            try:
                body, state = read_small(file.path, file.size)
            except OSError as error:
                self._reads.append(Read(file, unreadable_file(error)))
                continue
            if not file.start and (seen := scan_record(body)):
                lines: Iterable[tuple[int, bytes]] = [(1, body)]
            else:
                seen = scan_file(file, BytesIO(body))
                lines = records(file, BytesIO(body)) if seen.problem is None else ()
            read = Read(file, seen, has_changed=differs(file, state))
            self._reads.append(read)
            yield read, lines

    def _read_gathered(self, out: "Gathered") -> None:
        if not out.files:
            return
        selected = ", ".join(quoted(self.reader.keys[column]) for column in self._raw.columns)
        self._raw.sql(
            f"INSERT INTO raw_rewritten SELECT {selected}, {EXTRA_KEY} "
            f"FROM {self._read_json('none', more=(EXTRA_KEY,))}",
            [[pattern(str(self._scratch))]],
        )
        first, rows = self._raw.sql("SELECT min(rowid), count(*) FROM raw_rewritten")[0]
        if rows != out.total:
            raise AssertionError(f"{out.total} records were written together, {rows} were read back")
        # Rows that are not committed yet have row numbers that start very high.
        end = first + rows
        places = {"place": range(end - len(out.files), end), "file_id": out.files, "record": out.records}
        self._raw.insert("raw_record", {**places, "vals": out.values, "aside": out.asides, "unit": out.units})

    def drop_changed(self) -> None:
        """Take out what was read of files that changed meanwhile, and what lane 1 read wrongly."""
        changed = [*self.changed()]
        if changed:
            self._raw.delete((self._raw.staging, "raw_part", "raw_record", "raw_kept"), changed)
        if rewritten := [read.file.file_id for read in self._reads if read.is_rewritten]:
            kept = self._raw.sql(
                "SELECT list(file_id) FROM raw_kept WHERE list_contains($1::INTEGER[], file_id)", [rewritten]
            )[0][0]
            if kept:
                self._raw.delete((self._raw.staging, "raw_kept"), kept)

    def _read_files(
        self, reads: Sequence[Read], compression: str, sql: str, parameters: Sequence[Any] = ()
    ) -> None:
        """Run a statement that reads these files. Raises UnreadError, naming those the reader refuses."""
        try:
            self._raw.sql(sql, parameters)
        except (duckdb.InvalidInputException, duckdb.IOException, duckdb.InternalException) as error:
            said = str(error).splitlines()[0]
            if "No space left" in said or not (refused := self._find_refused(reads, compression)):
                raise
            raise UnreadError(refused, said) from error

    def _find_refused(self, reads: Sequence[Read], compression: str) -> set[str]:
        """Which of these files the reader refuses, each asked for alone, outside the transaction."""
        refused = set()
        for read in reads:
            try:
                self._raw.connection.cursor().execute(
                    f"SELECT count(*) FROM {self._read_json(compression)}", [[pattern(read.file.path)]]
                ).fetchall()
            except duckdb.Error:
                refused.add(read.file.uri)
        return refused

    def _read_json(
        self, compression: str, files: str = "$1", more: Sequence[str] = (), typed: Collection[str] = ()
    ) -> str:
        numbers = [self.reader.keys[column] for column in typed]
        return read_json([*self.reader.keys.values(), *more], numbers, compression, files)
