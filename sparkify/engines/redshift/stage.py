"""Files into Redshift's raw table: one COPY for each compression where files are plain, gathered where not.

A plain COPY is the fast way, and says of a row neither file nor line, nor of a key that no column takes that
it is there. So it is trusted only where nothing is wrong: a second COPY, 'noshred' into a SUPER column, tells
every key of every record (AWS, "Loading semistructured data into Amazon Redshift"), and each must be a
column's, in every record, with as many values as the column. All other files are read the other way: by us,
into a few large parts that carry with each record its file and line, and its `extra`.
"""

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sparkify.engines.base import STAGING_TABLE, Paths, Result, Staged
from sparkify.engines.record import RecordReader, record_reader
from sparkify.engines.redshift.copy import (
    COMPRESSIONS,
    Copy,
    CopyOptions,
    compression_of,
    jsonpaths_of,
    manifest_of,
)
from sparkify.engines.redshift.parts import LINEAGE, CopyBatch, gathered, lineage_of
from sparkify.errors import ConfigError, QueryError, RetryError
from sparkify.scratch import Scratch
from sparkify.source import store
from sparkify.source.fetch import fetch_files, has_changed
from sparkify.source.file import Dataset, NewFile, batches
from sparkify.sql.schema import table

SMALL = 1 << 20
"""A file below this many bytes is small to COPY ..."""
MANY = 1000
"""... and with more of them than this, gathering them first is assumed to be faster (see docs)."""
AT_ONCE = 256 << 20
"""Bytes of files that are gathered in one go."""
Insert = Callable[[str, Sequence[str], Sequence[Sequence[Any]]], None]


class CopyStager:
    """Fills `raw_events` and `raw_songs` of one session."""

    def __init__(self, run: Callable[[str], Result], insert: Insert, copying: CopyOptions) -> None:
        self._run = run
        self._insert = insert
        self._copying = copying
        self._copy = Copy(run, copying)
        self._made: set[str] = set()
        self._suspicious: set[str] = set()
        """Files that a plain COPY could not read well: they are read by us, in this attempt and the next."""

    def stage(
        self, dataset: Dataset, files: Sequence[NewFile], paths: Paths, is_odd: str
    ) -> Sequence[Staged]:
        """Read the files into the raw table. RetryError if a COPY took the transaction down."""
        reader = record_reader(dataset, paths)
        if not self._copying.scratch:
            raise ConfigError(
                "no scratch bucket is known. Set [REDSHIFT] SCRATCH to an s3:// prefix of yours."
            )
        prefix = f"{self._copying.scratch.rstrip('/')}/{uuid.uuid4().hex}"
        scratch = _Scratch(prefix, self._copying.owner)
        try:
            while True:
                self._make(dataset)
                plain, careful = self._split(files)
                if not reader.is_flat:  # the other COPY tells keys, not what lies below them
                    plain, careful = [], [*plain, *careful]
                staged, suspicious = self._copy_plain(dataset, reader, plain, is_odd, scratch)
                if not suspicious:
                    break
                self._suspicious |= suspicious
            for batch in batches(careful, lambda file: file.size, AT_ONCE):
                staged += self._gather(dataset, reader, batch, scratch)
            return sorted(staged, key=lambda one: one.file_id)
        finally:
            scratch.remove()

    def drop(self) -> None:
        """Drop the raw tables, before the transaction ends."""
        for name in sorted(self._made):
            self._run(f"DROP TABLE {name}")
        self.forget()

    def forget(self) -> None:
        """Know that the raw tables are gone: the transaction was rolled back, or has not begun."""
        self._made.clear()

    def preview(self, dataset: Dataset, files: Sequence[NewFile]) -> Sequence[str]:
        """The COPY statements that `stage` would begin with, each with a line on what it reads."""
        plain, careful = self._split(files)
        place = self._copying.scratch.rstrip("/")
        statements = []
        for how in ("", *sorted(set(COMPRESSIONS.values()))):
            if group := [file for file in plain if compression_of(file) == how]:
                manifest = f"{place}/.../{how.lower() or 'none'}.manifest"
                target = f"raw_{dataset} ({', '.join(_columns(dataset))})"
                copy = self._copy.statement(target, manifest, f"{place}/.../{dataset}.jsonpaths", how)
                packed = ", unpacked on the way" if how else ""
                keys = self._copy.statement(f"raw_keys_{dataset} (data)", manifest, "noshred", how)
                statements.append(f"-- {len(group):,} files of {dataset}, each as it is{packed}\n{copy}")
                statements.append(f"-- the same files again, for the keys of their records\n{keys}")
        if careful:
            target = f"raw_{dataset} ({', '.join([*LINEAGE, *_columns(dataset)])})"
            copy = self._copy.statement(target, f"{place}/.../parts.manifest",
                                   f"{place}/.../parts.jsonpaths", "GZIP", "TRUNCATECOLUMNS")  # fmt: skip
            statements.append(f"-- {len(careful):,} files of {dataset} gathered into parts first\n{copy}")
        return statements

    def _make(self, dataset: Dataset) -> None:
        for name, definition in ((f"raw_{dataset}", _create(dataset)), (f"raw_keys_{dataset}", "data SUPER")):
            if name in self._made:
                self._run(f"DROP TABLE {name}")
            self._run(f"CREATE TEMP TABLE {name} ({definition})")
            self._made.add(name)

    def _split(self, files: Sequence[NewFile]) -> tuple[list[NewFile], list[NewFile]]:
        """(files for a plain COPY, files to be gathered)."""
        small = sum(file.size < SMALL for file in files)
        compact = self._copying.compact
        gathers = compact == "always" or (compact == "auto" and small > MANY)
        plain: list[NewFile] = []
        careful: list[NewFile] = []
        for file in files:
            whole = store.is_remote(file.uri) and file.size and not file.start
            is_plain = whole and not gathers and file.uri not in self._suspicious
            (plain if is_plain else careful).append(file)
        return plain, careful

    def _copy_plain(
        self,
        dataset: Dataset,
        reader: RecordReader,
        files: Sequence[NewFile],
        is_odd: str,
        scratch: "_Scratch",
    ) -> tuple[list[Staged], set[str]]:
        """COPY the files as they are: what is known of them, and those that must be read with care instead.

        A COPY says of a row neither file nor line. So it is trusted only where nothing is wrong: no error, no
        record in which a value does not fit, as many rows as it counted records, every key a column's, each
        file still the listed one.
        """
        scanned: dict[str, int] = {}
        broken: set[str] = set()
        for how in ("", *sorted(set(COMPRESSIONS.values()))):
            if group := [file for file in files if compression_of(file) == how]:
                self._copy_group(dataset, reader, group, how, scratch)
                scanned |= self._copy.scanned()
                broken |= {uri for uri, _ in self._copy.errors()}
                self._copy_keys(dataset, group, how, scratch)
                broken |= {uri for uri, _ in self._copy.errors()}
        everything = {file.uri for file in files}
        if not (scanned.keys() | broken) <= everything:
            return [], everything  # the cluster tells of another COPY than ours
        heads = store.read_heads([file.uri for file in files], 1)
        broken |= {
            file.uri for file, (_, version) in zip(files, heads, strict=True) if version != file.modified
        }
        if broken:
            return [], broken
        records = sum(scanned.values())
        if files and (
            self._count(f"SELECT COUNT(*) AS n FROM raw_{dataset}") != records
            or self._count(f"SELECT COUNT(*) AS n FROM raw_{dataset} WHERE {is_odd}")
            or not self._holds_all(dataset, reader, records)
        ):
            return [], everything
        return [
            Staged(file.file_id, scanned.get(file.uri, 0), file.modified, None, None, has_lineage=False)
            for file in files
        ], set()

    def _holds_all(self, dataset: Dataset, reader: RecordReader, records: int) -> bool:
        """Whether each record has the key of every column and no other, and each value is in its column.

        A nested value, and one with a null character, after which COPY loses the rest of it, are not.
        """
        found = self._run(
            "SELECT k, COUNT(*) AS records, "
            "SUM(CASE WHEN JSON_TYPEOF(v) = 'null' THEN 0 ELSE 1 END) AS vals, "
            "SUM(CASE WHEN JSON_TYPEOF(v) IN ('object', 'array') THEN 1 "
            "WHEN JSON_SIZE(v) > 65535 THEN 1 "  # JSON_SERIALIZE does not take it
            r"WHEN STRPOS(JSON_SERIALIZE(v), '\\u0000') > 0 THEN 1 ELSE 0 END) AS odd "
            f"FROM raw_keys_{dataset} AS e, UNPIVOT e.data AS v AT k GROUP BY k, OCTET_LENGTH(k)"
        ).rows
        counts = ", ".join(f"COUNT({column}) AS {column}" for column in reader.keys)
        stored = self._run(f"SELECT {counts} FROM raw_{dataset}").rows[0]
        expected = {
            key: (records, values, 0) for key, values in zip(reader.keys.values(), stored, strict=True)
        }
        return {key: tuple(map(int, counted)) for key, *counted in found} == expected

    def _copy_keys(self, dataset: Dataset, group: Sequence[NewFile], how: str, scratch: "_Scratch") -> None:
        """COPY the same files once more, whole records into one column: it shows what keys they have."""
        try:
            manifest = scratch.address(f"{how.lower() or 'none'}.manifest")
            self._copy.run(f"raw_keys_{dataset} (data)", manifest, "noshred", how)
        except QueryError as error:
            self._suspicious |= {file.uri for file in group}
            raise RetryError(f"a COPY failed ({error}), so its files are read one by one.") from error

    def _copy_group(
        self, dataset: Dataset, reader: RecordReader, group: Sequence[NewFile], how: str, scratch: "_Scratch"
    ) -> None:
        manifest = scratch.put(f"{how.lower() or 'none'}.manifest", manifest_of([file.uri for file in group]))
        jsonpaths = scratch.put(f"{dataset}.jsonpaths", jsonpaths_of(reader.keys.values()))
        target = f"raw_{dataset} ({', '.join(reader.keys)})"
        try:
            self._copy.run(target, manifest, jsonpaths, how)
        except QueryError as error:
            # A damaged file takes its whole COPY down, and the transaction with it.
            self._suspicious |= {file.uri for file in group}
            raise RetryError(f"a COPY failed ({error}), so its files are read one by one.") from error

    def _gather(
        self, dataset: Dataset, reader: RecordReader, files: Sequence[NewFile], scratch: "_Scratch"
    ) -> list[Staged]:
        """Write the records of these files into a few parts, each with its file and line, and COPY those."""
        with Scratch() as folder:
            here = fetch_files(files, folder)
            parts = CopyBatch(folder, 2 * self._copying.slices)
            staged = [gathered(reader, file, parts) for file in here]
            changed = [file.file_id for file in here if has_changed(file)]  # those wait for the next run
            staged = [one for one in staged if one.file_id not in changed]
            paths = parts.close()
            if not paths:
                return staged
            manifest = scratch.put("parts.manifest", manifest_of([scratch.put(p.name, p) for p in paths]))
            keys = [*LINEAGE.values(), *reader.keys.values()]
            jsonpaths = scratch.put("parts.jsonpaths", jsonpaths_of(keys))
            target = f"raw_{dataset} ({', '.join([*LINEAGE, *reader.keys])})"
            self._copy.run(target, manifest, jsonpaths, "GZIP", "TRUNCATECOLUMNS")
            if parts.has_null_string:
                self._run(f"UPDATE raw_{dataset} {parts.restoring(reader.keys)}")
            by_name = {path.name: path for path in paths}
            errors = self._copy.errors()
            lost = [(*lineage_of(by_name[uri.rpartition("/")[2]], line), 0, 0, 0) for uri, line in errors]
            self._insert(f"raw_{dataset}", ("file_id", "record", "vals", "aside", "is_staged"), lost)
            for file_id in changed:
                self._run(f"DELETE FROM raw_{dataset} WHERE file_id = {file_id}")
        return staged

    def _count(self, sql: str) -> int:
        return int(self._run(sql).scalar())


class _Scratch:
    """A folder of our own in the scratch bucket, for one call."""

    def __init__(self, prefix: str, owner: str) -> None:
        self.prefix, self._owner = prefix, owner
        self._written: list[str] = []

    def address(self, name: str) -> str:
        return f"{self.prefix}/{name}"

    def put(self, name: str, body: bytes | Path) -> str:
        """Write an object; return its address."""
        uri = self.address(name)
        store.put(uri, body, self._owner)
        self._written.append(uri)
        return uri

    def remove(self) -> None:
        """Remove everything that was written."""
        if self._written:
            store.remove(self._written, self._owner)


def _create(dataset: Dataset) -> str:
    """The raw table: every column text, wide enough that a value too long for staging is seen to be so."""
    columns = [
        f"{column.name} VARCHAR({max(1024, (column.width or 0) + 8)})"
        for column in table(STAGING_TABLE[dataset]).reported
    ]
    return (
        "file_id INTEGER, record INTEGER, extra VARCHAR(65535), vals INTEGER, aside INTEGER DEFAULT 0, "
        "unit SMALLINT DEFAULT 0, "
        f"is_staged SMALLINT DEFAULT 0, {', '.join(columns)}"
    )


def _columns(dataset: Dataset) -> list[str]:
    return [column.name for column in table(STAGING_TABLE[dataset]).reported]
