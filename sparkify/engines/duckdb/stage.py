"""Files into DuckDB's staging: fast where a file is a plain log of good records, careful where it is not.

There are three lanes, and a file goes on to the next where the last one cannot prove that it lost nothing:

1. Plain files go through one parallel `read_json`, straight through validation into staging. Numbers are read
   as DOUBLE, all else as VARCHAR, also numbers whose key is followed by a text somewhere. It is trusted where
   as many rows were accepted as the file has lines, and as many values as stand in its bytes. A row's file
   comes from `file_index`, its line is its place, since order is kept.
2. The others are read into a raw table, where each row keeps its place whether it is good or not; trusted
   where rows and values are as many as in the bytes. The good ones, in order, number the rows that lane 1
   accepted.
3. The rest is read record by record by us (see `record`) and rewritten, one plain object a line, with the
   number of each line beside it. Tiny files, which DuckDB opens slowly, go this way from the start.

A file that DuckDB's reader refuses takes the statement, and so the transaction, down: the whole run is done
again, and that file goes to lane 3.

Nothing is taken out of staging again if it can be helped: DuckDB then holds all that a transaction has
added to a table in memory, uncompressed, until it commits.
"""

import tempfile
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from pathlib import Path

import duckdb

from sparkify.engines.base import Rules, Staged
from sparkify.engines.duckdb.batch import Batch
from sparkify.engines.duckdb.raw import RawTables
from sparkify.engines.duckdb.read import Read, UnreadError, as_staged, changed_meanwhile, pattern
from sparkify.engines.record import record_reader
from sparkify.errors import RetryError
from sparkify.source.compression import is_packed
from sparkify.source.fetch import prefetch
from sparkify.source.file import Dataset, NewFile

TINY = 64 << 10
"""Files below this many bytes are gathered. Of one that is packed nobody knows how many records it holds."""
READ_BY_DUCKDB = ("none", "gzip", "zstd")
"""Compressions that lanes 1 and 2 can read; lane 3 reads every one."""


class DuckDBStager:
    """Fills staging, `raw_events` and `raw_songs` on one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, scratch: Path) -> None:
        self._connection = connection
        self._folder = scratch
        self._scratch = scratch / "gathered.json"
        self._is_worth_trying = True
        """Whether most files lately held nothing but good records."""
        self._refused: set[str] = set()
        """Files that DuckDB's reader does not take: they go to lane 3, in this attempt and the next."""

    def stage(
        self,
        dataset: Dataset,
        files: Sequence[NewFile],
        rules: Rules,
        accept: Callable[[Collection[str]], str],
        good: str,
        is_lost: Callable[[int], bool],
    ) -> Sequence[Staged]:
        """Read the files; see `Engine.stage`.

        Both in DuckDB's words: `accept` is that of the rules, `good` selects file and line of the records in
        which every value fits.
        """
        with (
            tempfile.TemporaryDirectory(dir=self._folder) as folder,
            closing(prefetch(files, Path(folder))) as groups,
        ):
            reader, raw = record_reader(dataset, rules.paths), RawTables(self._connection, dataset)
            batch = Batch(raw, reader, rules.typed, accept, self._scratch)
            try:
                raw.create()
                self._stage(batch, groups, rules.is_in_order, is_lost)
                raw.finish(good)
            except UnreadError as error:
                self._refused |= error.uris
                raise RetryError(f"{error}, so it is read in another way.", at_once=True) from error
            except OSError as error:  # it was removed, or something else has taken its place
                if error.filename not in {file.path for file in files}:
                    raise
                raise RetryError(f"{error.filename} changed while it was read.", at_once=True) from error
            changed = batch.changed()
            return [as_staged(read) for read in batch.reads() if read.file.file_id not in changed]

    def _stage(
        self,
        batch: Batch,
        groups: Iterable[Sequence[NewFile]],
        is_in_order: bool,
        is_lost: Callable[[int], bool],
    ) -> None:
        careful: list[Read] = []
        tiny: list[NewFile] = []
        for files in groups:
            small = [file for file in files if file.size <= TINY and not is_packed(file.uri)]
            tiny += small
            reads = batch.scan_files([file for file in files if file not in small])
            for read in reads:  # DuckDB would wait for ever at a pipe that took a file's place
                read.has_changed = changed_meanwhile(read) or None
            readable = [read for read in reads if read.scan.problem is None and not read.has_changed]
            plain = [read for read in readable if batch.reader.is_flat and self._is_plain(read)]
            for compression in READ_BY_DUCKDB:
                group = [read for read in plain if read.scan.compression == compression]
                if group and self._is_worth_trying and is_in_order:
                    others = batch.accept_plain(group, compression)
                    self._is_worth_trying = len(others) * 2 <= len(group)
                    group = others
                careful += batch.read_plain(group, compression)
            careful += [read for read in readable if read not in plain]
        batch.gather(tiny, careful, is_lost)
        batch.drop_changed()

    def _is_plain(self, read: Read) -> bool:
        return (
            read.scan.plain
            and read.scan.compression in READ_BY_DUCKDB
            and read.file.uri not in self._refused
            and pattern(read.file.path) is not None
        )
