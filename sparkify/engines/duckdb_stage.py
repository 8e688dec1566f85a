"""Files into DuckDB's staging: fast where a file is a plain log of good records, careful where it is not.

Plain files go through one parallel `read_json`, every column VARCHAR, straight through the judge into
staging. A row's file comes from `file_index`; where as many rows were accepted as the file has lines, a
row's line is its place, since insertion order is file order. Any other file is read again into a raw table,
where each row keeps its place whether it is good or not; the good ones, in order, number the rows that
were accepted. That holds only while the reader makes one row of each line, so a file whose rows and lines
differ is written anew, one good-looking object a line, with the number of each line beside it. Tiny files,
which DuckDB opens slowly, are written together so from the start.

Nothing is taken out of staging again if it can be helped: DuckDB then holds all that a transaction has
added to a table in memory, uncompressed, until it commits.
"""

import tempfile
from array import array
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import duckdb

from sparkify.engines.base import STAGING_TABLE, Dataset, NewFile, Staged
from sparkify.engines.bringing import bring_ahead, differs, has_changed
from sparkify.engines.reading import Look, look, look_at_record, odd_keys, rewrite, unreadable_file
from sparkify.sql.schema import json_key, table
from sparkify.store import read_small

TINY = 64 << 10
"""Files below this many bytes are gathered."""
LARGEST_OBJECT = 12 << 20
"""What DuckDB's reader must hold of one line; longer ones are seen by `look` and kept from it."""


@dataclass
class _Read:
    """A file on its way into the raw table."""

    file: NewFile
    look: Look
    rows: int = 0
    has_changed: bool | None = None
    """Whether somebody wrote to it while it was read; None if nobody asked yet."""


class Stager:
    """Fills staging, `raw_events` and `raw_songs` on one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, scratch: Path) -> None:
        self._connection = connection
        self._folder = scratch
        self._scratch = scratch / "gathered.json"
        self._is_worth_trying = True
        """Whether most files lately held nothing but good records."""

    def stage(
        self, dataset: Dataset, files: Sequence[NewFile], accept: str, good: str, is_in_order: bool
    ) -> Sequence[Staged]:
        """Read the files; see `Engine.stage`. Both in DuckDB's words: `accept` is the INSERT of good records,
        `good` the SELECT of their file and line. Where `accept` may not keep their order, a row's place says
        nothing, and all go through the raw tables."""
        with (
            tempfile.TemporaryDirectory(dir=self._folder) as folder,
            closing(bring_ahead(files, Path(folder))) as groups,
        ):
            return self._stage(dataset, groups, accept, good, is_in_order)

    def _stage(
        self,
        dataset: Dataset,
        groups: Iterable[Sequence[NewFile]],
        accept: str,
        good: str,
        is_in_order: bool,
    ) -> Sequence[Staged]:
        columns = [c.name for c in table(STAGING_TABLE[dataset]).reported]
        keys = {c: json_key(c) if dataset == "events" else c for c in columns}
        self._create(columns)
        tiny: list[NewFile] = []
        reads: list[_Read] = []
        careful: list[_Read] = []
        for files in groups:
            tiny += [file for file in files if file.size <= TINY]
            looked = _look_at([file for file in files if file.size > TINY])
            reads += looked
            careful += [read for read in looked if read.look.problem is None and not read.look.plain]
            for compression in ("none", "gzip"):
                plain = [read for read in looked if read.look.problem is None and read.look.plain]
                group = [read for read in plain if read.look.compression == compression]
                if self._is_worth_trying and is_in_order:
                    group = self._accept_plain(dataset, group, compression, keys, accept)
                careful += self._read_plain(group, compression, keys)
        reads += self._gather(tiny, careful, keys)
        changed = [read.file.file_id for read in reads if _has_changed(read)]
        if changed:
            for name in (STAGING_TABLE[dataset], "raw_part", "raw_record", "raw_kept"):
                self._sql(f"DELETE FROM {name} WHERE list_contains($1::INTEGER[], file_id)", [changed])
        self._publish(dataset, columns)
        if tiny or careful or self._sql("SELECT 1 FROM raw_part LIMIT 1"):
            self._number_kept(dataset, good)
            self._publish(dataset, columns, "WHERE file_id NOT IN (SELECT file_id FROM raw_kept)")
            self._sql(accept)
            self._publish(dataset, columns)
        reads.sort(key=lambda read: read.file.file_id)
        return [_staged(read, keys) for read in reads if read.file.file_id not in changed]

    def _create(self, columns: Sequence[str]) -> None:
        texts = ", ".join(f"{name} VARCHAR" for name in columns)
        for statement in (
            f"CREATE OR REPLACE TEMP TABLE raw_plain (part INTEGER, {texts})",
            f"CREATE OR REPLACE TEMP TABLE raw_rewritten ({texts})",
            "CREATE OR REPLACE TEMP TABLE raw_place (file_id INTEGER, shift BIGINT)",
            "CREATE OR REPLACE TEMP TABLE raw_part (part INTEGER, file_id INTEGER, shift BIGINT)",
            "CREATE OR REPLACE TEMP TABLE raw_record (place BIGINT, file_id INTEGER, record INTEGER)",
            "CREATE OR REPLACE TEMP TABLE raw_kept (file_id INTEGER, shift BIGINT, records BIGINT)",
        ):
            self._sql(statement)

    def _accept_plain(
        self, dataset: Dataset, reads: list[_Read], compression: str, keys: dict[str, str], accept: str
    ) -> list[_Read]:
        """Take in plain files in one go; return those that hold anything but good records, which are in now,
        and have no number yet."""
        if not reads:
            return []
        ids = [read.file.file_id for read in reads]
        named = ", ".join(f'"{key}" AS {column}' for column, key in keys.items())
        files = ", ".join("'" + read.file.path.replace("'", "''") + "'" for read in reads)
        self._sql(
            f"CREATE OR REPLACE TEMP VIEW raw_{dataset} AS SELECT {ids}[file_index::BIGINT + 1] AS file_id, "
            f"NULL::INTEGER AS record, {named} FROM {_reader(keys, compression, f'[{files}]')}"
        )
        self._sql(accept)
        staging = STAGING_TABLE[dataset]
        counted = {
            file_id: (first, rows)
            for file_id, first, rows in self._sql(
                f"SELECT file_id, min(rowid), count(*) FROM {staging} "
                "WHERE file_id BETWEEN $1 AND $2 AND record IS NULL GROUP BY file_id",
                [min(ids), max(ids)],
            )
        }
        good, kept, others = [], [], []
        for read in reads:
            first, rows = counted.get(read.file.file_id, (0, 0))
            if rows == read.look.lines:
                read.rows = rows
                good.append((read.file.file_id, first - 1))
            else:
                others.append(read)
                if rows:
                    kept.append((read.file.file_id, first - 1, rows))
        self._insert_rows("raw_place", ("file_id", "shift"), good)
        self._insert_rows("raw_kept", ("file_id", "shift", "records"), kept)
        self._sql(
            f"UPDATE {staging} SET record = {staging}.rowid - p.shift FROM raw_place AS p "
            f"WHERE p.file_id = {staging}.file_id AND {staging}.record IS NULL"
        )
        self._is_worth_trying = len(others) <= len(good)
        return others

    def _number_kept(self, dataset: Dataset, good: str) -> None:
        """Give the rows that were kept their lines: those of their file's good records, in the same order.

        Where there are not as many, the file's rows are taken back.
        """
        if not self._sql("SELECT 1 FROM raw_kept LIMIT 1"):
            return
        staging = STAGING_TABLE[dataset]
        self._sql(
            "CREATE OR REPLACE TEMP TABLE raw_good AS SELECT file_id, record, "
            "shift + row_number() OVER (PARTITION BY file_id ORDER BY record) AS place "
            f"FROM ({good}) JOIN raw_kept USING (file_id)"
        )
        other = self._sql(
            "SELECT list(k.file_id) FROM raw_kept AS k LEFT JOIN "
            "(SELECT file_id, count(*) AS records FROM raw_good GROUP BY file_id) AS g USING (file_id) "
            "WHERE g.records IS DISTINCT FROM k.records"
        )[0][0]
        if other:
            for name in (staging, "raw_kept", "raw_good"):
                self._sql(f"DELETE FROM {name} WHERE list_contains($1::INTEGER[], file_id)", [other])
        self._sql(
            f"UPDATE {staging} SET record = g.record FROM raw_good AS g "
            f"WHERE {staging}.rowid = g.place AND {staging}.file_id = g.file_id AND {staging}.record IS NULL"
        )

    def _read_plain(self, reads: list[_Read], compression: str, keys: dict[str, str]) -> list[_Read]:
        """Read plain files in one go; return those that must be read with care instead."""
        if not reads:
            return []
        known = self._sql("SELECT coalesce(max(part), -1) + 1 FROM raw_plain")[0][0]
        self._sql(
            f"INSERT INTO raw_plain SELECT file_index + {known}, {_selected(keys)} "
            f"FROM {_reader(keys, compression)}",
            [[read.file.path for read in reads]],
        )
        counted: dict[int, tuple[int, int]] = {
            part: (first, rows)
            for part, first, rows in self._sql(
                "SELECT part, min(rowid), count(*) FROM raw_plain WHERE part >= $1 GROUP BY part", [known]
            )
        }
        suspicious = []
        parts: list[tuple[int, int, int]] = []
        for number, read in enumerate(reads, start=known):
            first, read.rows = counted.get(number, (0, 0))
            if read.rows == read.look.lines - read.file.lines_before:
                parts.append((number, read.file.file_id, first - 1))
            else:
                read.rows = 0
                suspicious.append(read)
        # Suspicious files have no row in raw_part, so their rows in raw_plain are never seen.
        self._insert_rows("raw_part", ("part", "file_id", "shift"), parts)
        return suspicious

    def _gather(self, tiny: Sequence[NewFile], careful: list[_Read], keys: dict[str, str]) -> list[_Read]:
        """Write the records of all these files one a line into one file, and read that.

        Returns the tiny ones, which nobody has looked at before.
        """
        reads: list[_Read] = []
        files, records = array("i"), array("i")
        with self._scratch.open("wb") as out:
            for file in tiny:
                try:
                    body, state = read_small(file.path, file.size)
                except OSError as error:
                    reads.append(_Read(file, unreadable_file(error)))
                    continue
                if not file.start and (seen := look_at_record(body)):
                    lines: Iterable[tuple[int, bytes]] = [(1, body)]
                else:
                    seen = look(file, BytesIO(body))
                    lines = rewrite(file, BytesIO(body)) if seen.problem is None else ()
                rows = _append(lines, file.file_id, files, records, out)
                reads.append(_Read(file, seen, rows, differs(file, state)))
            for read in careful:
                read.rows = _append(rewrite(read.file), read.file.file_id, files, records, out)
        self._read_gathered(files, records, keys)
        return reads

    def _read_gathered(self, files: "array[int]", records: "array[int]", keys: dict[str, str]) -> None:
        if not files:
            return
        self._sql(
            f"INSERT INTO raw_rewritten SELECT {_selected(keys)} FROM {_reader(keys, 'none')}",
            [[str(self._scratch)]],
        )
        first, rows = self._sql("SELECT min(rowid), count(*) FROM raw_rewritten")[0]
        if rows != len(files):
            raise AssertionError(f"{len(files)} records were written together, {rows} were read back")
        # Rows that are not committed yet have row numbers that start very high.
        self._insert("raw_record", {"place": range(first, first + rows), "file_id": files, "record": records})

    def _publish(self, dataset: Dataset, columns: Sequence[str], some: str = "") -> None:
        """Let `raw_events` or `raw_songs` show the raw records, or some of them."""
        names = ", ".join(columns)
        self._sql(
            f"CREATE OR REPLACE TEMP VIEW raw_{dataset} AS SELECT * FROM ("
            f"SELECT p.file_id, CAST(r.rowid - p.shift AS INTEGER) AS record, {names} "
            "FROM raw_plain AS r JOIN raw_part AS p ON p.part = r.part "
            f"UNION ALL SELECT m.file_id, m.record, {names} "
            f"FROM raw_rewritten AS r JOIN raw_record AS m ON m.place = r.rowid) AS raw {some}"
        )

    def _sql(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, parameters).fetchall()

    def _insert_rows(self, name: str, columns: Sequence[str], rows: Sequence[tuple[int, ...]]) -> None:
        self._insert(name, dict(zip(columns, zip(*rows, strict=True), strict=False)))

    def _insert(self, name: str, columns: Mapping[str, Any]) -> None:
        if columns:
            import numpy as np

            incoming = {column: np.array(values, dtype=np.int64) for column, values in columns.items()}
            self._connection.register("incoming", incoming)
            self._sql(f"INSERT INTO {name} SELECT {', '.join(columns)} FROM incoming")
            self._connection.unregister("incoming")


def _look_at(files: Sequence[NewFile]) -> list[_Read]:
    with ThreadPoolExecutor(2) as pool:
        return [_Read(file, seen) for file, seen in zip(files, pool.map(look, files), strict=True)]


def _append(
    lines: Iterable[tuple[int, bytes]],
    file_id: int,
    files: "array[int]",
    records: "array[int]",
    out: BinaryIO,
) -> int:
    before = len(files)
    for record, line in lines:
        files.append(file_id)
        records.append(record)
        out.write(line)
        out.write(b"\n")
    return len(files) - before


def _staged(read: _Read, keys: Mapping[str, str]) -> Staged:
    seen = read.look
    unknown, absent = odd_keys(seen.first_line, keys.values())
    return Staged(
        file_id=read.file.file_id,
        records_read=1 if seen.problem else read.rows,
        content_hash=seen.content_hash,
        lines=seen.lines,
        tail=seen.tail,
        unknown_keys=unknown,
        absent_keys=absent,
        problem=seen.problem,
    )


def _has_changed(read: _Read) -> bool:
    """Whether somebody wrote to the file while it was read: then it waits for the next run."""
    return has_changed(read.file) if read.has_changed is None else read.has_changed


def _selected(keys: dict[str, str]) -> str:
    return ", ".join(f'"{key}"' for key in keys.values())


def _reader(keys: dict[str, str], compression: str, files: str = "$1") -> str:
    columns = ", ".join(f"'{key}': 'VARCHAR'" for key in keys.values())
    return (
        f"read_json({files}, columns = {{{columns}}}, format = 'newline_delimited', ignore_errors = true, "
        f"compression = '{compression}', maximum_object_size = {LARGEST_OBJECT})"
    )
