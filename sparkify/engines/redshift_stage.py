"""Files into Redshift's raw table: one COPY for each compression where files are plain, gathered where not.

A plain COPY is the fast way, and says of a row neither file nor line. So it is trusted only where nothing is
wrong; the files in which something is are read the other way: by us, into a few large parts that carry file
and line with each record.
"""

import json
import tempfile
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sparkify import store
from sparkify.engines.base import STAGING_TABLE, Dataset, NewFile, Result, Staged, batches
from sparkify.engines.bringing import bring, has_changed
from sparkify.engines.dialect import literal
from sparkify.engines.reading import look, odd_keys, rewrite
from sparkify.engines.redshift_parts import Parts, lineage_of
from sparkify.errors import ConfigError, QueryError, RemoteError, RetryError
from sparkify.sql.schema import json_key, table

SMALL = 1 << 20
"""A file below this many bytes is small to COPY ..."""
MANY = 1000
"""... and with more of them than this, gathering them first is assumed to be faster (see docs)."""
AT_ONCE = 256 << 20
"""Bytes of files that are gathered in one go."""
MAX_ERRORS = 100_000
HEAD = 64 << 10
LINEAGE = ("file_id", "record")
Insert = Callable[[str, Sequence[str], Sequence[Sequence[Any]]], None]


@dataclass(frozen=True)
class Copying:
    """What COPY needs to know besides the files."""

    role: str
    """ARN of the role in which the cluster reads buckets."""
    scratch: str
    """s3:// prefix for manifests and gathered parts."""
    slices: int = 8
    compact: Literal["auto", "always", "never"] = "auto"
    jsonpaths: str = ""
    """The JSONPaths file for the events, if there is one; else it is generated."""


class Loader:
    """Fills `raw_events` and `raw_songs` of one session."""

    def __init__(self, run: Callable[[str], Result], insert: Insert, copying: Copying) -> None:
        self._run = run
        self._insert = insert
        self._copying = copying
        self._made: set[str] = set()
        self._suspicious: set[str] = set()
        """Files that a plain COPY could not read well: they are read by us, in this attempt and the next."""

    def stage(self, dataset: Dataset, files: Sequence[NewFile], refused: str) -> Sequence[Staged]:
        """Read the files into the raw table. RetryError if a COPY took the transaction down."""
        if not self._copying.scratch:
            raise ConfigError(
                "no scratch bucket is known. Set [REDSHIFT] SCRATCH to an s3:// prefix of yours."
            )
        scratch = _Scratch(f"{self._copying.scratch.rstrip('/')}/{uuid.uuid4().hex}")
        try:
            while True:
                self._make(dataset)
                plain, careful = self._split(files)
                staged, suspicious = self._copy_plain(dataset, plain, refused, scratch)
                if not suspicious:
                    break
                self._suspicious |= suspicious
            for batch in batches(careful, lambda file: file.size, AT_ONCE):
                staged += self._gather(dataset, batch, scratch)
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
        for how in ("none", "gzip"):
            if group := [file for file in plain if _compression(file) == how]:
                paths = self._paths(dataset, f"{place}/.../{dataset}.jsonpaths")
                copy = self._statement(dataset, _columns(dataset), f"{place}/.../{how}.manifest", paths, how)
                packed = ", unpacked on the way" if how == "gzip" else ""
                statements.append(f"-- {len(group):,} files of {dataset} as they lie{packed}\n{copy}")
        if careful:
            columns = [*LINEAGE, *_columns(dataset)]
            copy = self._statement(dataset, columns, f"{place}/.../parts.manifest",
                                   f"{place}/.../parts.jsonpaths", "gzip", "TRUNCATECOLUMNS")  # fmt: skip
            statements.append(f"-- {len(careful):,} files of {dataset} gathered into parts first\n{copy}")
        return statements

    def _make(self, dataset: Dataset) -> None:
        name = f"raw_{dataset}"
        if name in self._made:
            self._run(f"DROP TABLE {name}")
        self._run(_create(dataset))
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
        self, dataset: Dataset, files: Sequence[NewFile], refused: str, scratch: "_Scratch"
    ) -> tuple[list[Staged], set[str]]:
        """COPY the files as they are: what is known of them, and those that must be read with care instead.

        A COPY says of a row neither file nor line. So it is trusted only where nothing is wrong: no error, no
        record that the judge will refuse, as many rows as it counted records, each file still the listed one.
        """
        scanned: dict[str, int] = {}
        broken: set[str] = set()
        for how in ("none", "gzip"):
            if group := [file for file in files if _compression(file) == how]:
                self._copy_group(dataset, group, how, scratch)
                scanned |= self._scanned()
                broken |= self._broken()
        everything = {file.uri for file in files}
        if not (scanned.keys() | broken) <= everything:
            return [], everything  # the cluster tells of another COPY than ours
        heads = store.read_heads([file.uri for file in files], HEAD)
        broken |= {
            file.uri for file, (_, version) in zip(files, heads, strict=True) if version != file.modified
        }
        if broken:
            return [], broken
        name = f"raw_{dataset}"
        if files and (
            self._count(f"SELECT COUNT(*) AS n FROM {name}") != sum(scanned.values())
            or self._count(f"SELECT COUNT(*) AS n FROM {name} WHERE {refused}")
        ):
            return [], everything
        return [
            _plainly_staged(dataset, file, scanned.get(file.uri, 0), head)
            for file, (head, _) in zip(files, heads, strict=True)
        ], set()

    def _copy_group(self, dataset: Dataset, group: Sequence[NewFile], how: str, scratch: "_Scratch") -> None:
        manifest = scratch.put(f"{how}.manifest", _manifest([file.uri for file in group]))
        paths = self._paths(dataset, scratch.address(f"{dataset}.jsonpaths"))
        if paths.startswith(scratch.prefix):
            scratch.put(f"{dataset}.jsonpaths", _jsonpaths(_columns(dataset)))
        try:
            self._run(self._statement(dataset, _columns(dataset), manifest, paths, how))
        except QueryError as error:
            if "Access Denied" in str(error) or "not authorized" in str(error):
                raise RemoteError(
                    f"the cluster may not read these files in the role {self._copying.role} ({error}). "
                    "`sparkify cluster launch` with this [S3] SOURCE lets the role read it."
                ) from error
            # A damaged file takes its whole COPY down, and the transaction with it.
            self._suspicious |= {file.uri for file in group}
            raise RetryError(f"a COPY failed ({error}), so its files are read one by one.") from error

    def _gather(self, dataset: Dataset, files: Sequence[NewFile], scratch: "_Scratch") -> list[Staged]:
        """Write the records of these files into a few parts, each with its file and line, and COPY those."""
        columns = [*LINEAGE, *_columns(dataset)]
        with tempfile.TemporaryDirectory(prefix="sparkify-") as folder:
            here = bring(files, Path(folder))
            parts = Parts(Path(folder), 2 * self._copying.slices)
            staged = [_gathered(dataset, file, parts) for file in here]
            changed = [file.file_id for file in here if has_changed(file)]  # those wait for the next run
            staged = [one for one in staged if one.file_id not in changed]
            paths = parts.close()
            if not paths:
                return staged
            manifest = scratch.put("parts.manifest", _manifest([scratch.put(p.name, p) for p in paths]))
            jsonpaths = scratch.put("parts.jsonpaths", _jsonpaths(columns))
            copy = self._statement(dataset, columns, manifest, jsonpaths, "gzip", "TRUNCATECOLUMNS")
            self._run(copy)
            by_name = {path.name: path for path in paths}
            lost = [lineage_of(by_name[uri.rpartition("/")[2]], line) for uri, line in self._errors()]
            self._insert(f"raw_{dataset}", LINEAGE, lost)
            for file_id in changed:
                self._run(f"DELETE FROM raw_{dataset} WHERE file_id = {file_id}")
        return staged

    def _statement(
        self, dataset: Dataset, columns: Sequence[str], manifest: str, paths: str, how: str, *more: str
    ) -> str:
        options = [*(["GZIP"] if how == "gzip" else []), *more]
        region = store.bucket_region(store.split(manifest)[0])
        return "\n".join([
            f"COPY raw_{dataset} ({', '.join(columns)})",
            f"FROM {literal(manifest)} MANIFEST",
            f"IAM_ROLE {literal(self._copying.role)} REGION {literal(region)}",
            " ".join([f"FORMAT JSON {literal(paths)}", *options, f"MAXERROR {MAX_ERRORS}",
                      "COMPUPDATE OFF STATUPDATE OFF"]),
        ])  # fmt: skip

    def _paths(self, dataset: Dataset, generated: str) -> str:
        if dataset == "songs":
            return "auto"
        if self._copying.jsonpaths:
            _check_jsonpaths(self._copying.jsonpaths)
            return self._copying.jsonpaths
        return generated

    def _scanned(self) -> dict[str, int]:
        """Records that the last COPY met, per file."""
        rows = self._run(
            "SELECT TRIM(file_name) AS file_name, SUM(lines_scanned) AS records FROM sys_load_detail "
            "WHERE query_id = pg_last_copy_id() GROUP BY 1"
        ).rows
        return {uri: int(records) for uri, records in rows}

    def _broken(self) -> set[str]:
        """Files in which the last COPY met a record that it could not load."""
        return {uri for uri, _ in self._errors()}

    def _errors(self) -> list[tuple[str, int]]:
        """(file, line) of each record that the last COPY could not load."""
        rows = self._run(
            "SELECT TRIM(file_name) AS file_name, line_number FROM sys_load_error_detail "
            "WHERE query_id = pg_last_copy_id() ORDER BY 1, 2"
        ).rows
        return [(uri, int(line)) for uri, line in rows]

    def _count(self, sql: str) -> int:
        return int(self._run(sql).scalar())


class _Scratch:
    """A folder of our own in the scratch bucket, for one call."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self._written: list[str] = []

    def address(self, name: str) -> str:
        return f"{self.prefix}/{name}"

    def put(self, name: str, body: bytes | Path) -> str:
        """Write an object; return its address."""
        uri = self.address(name)
        store.put(uri, body)
        self._written.append(uri)
        return uri

    def remove(self) -> None:
        """Remove everything that was written."""
        if self._written:
            store.remove(self._written[0], self._written[1:])


def _gathered(dataset: Dataset, file: NewFile, parts: Parts) -> Staged:
    seen = look(file)
    read = 1 if seen.problem else parts.add(file.file_id, rewrite(file))
    unknown, absent = odd_keys(seen.first_line, _keys(dataset))
    return Staged(file.file_id, read, seen.content_hash, seen.lines, seen.tail, unknown, absent, seen.problem)


def _plainly_staged(dataset: Dataset, file: NewFile, scanned: int, head: bytes) -> Staged:
    """What is known of a file that only the cluster has read: its ETag stands for its hash."""
    line, newline, _ = head.lstrip().partition(b"\n")
    is_seen = _compression(file) == "none" and (newline or file.size <= HEAD)
    unknown, absent = odd_keys(line, _keys(dataset)) if is_seen else (frozenset(), frozenset())
    return Staged(file.file_id, scanned, file.modified, None, None, unknown, absent, has_lineage=False)


def _create(dataset: Dataset) -> str:
    """The raw table: every column text, wide enough that a value too long for staging is seen to be so."""
    columns = [
        f"{column.name} VARCHAR({max(1024, (column.width or 0) + 8)})"
        for column in table(STAGING_TABLE[dataset]).reported
    ]
    return f"CREATE TEMP TABLE raw_{dataset} (file_id INTEGER, record INTEGER, {', '.join(columns)})"


def _columns(dataset: Dataset) -> list[str]:
    return [column.name for column in table(STAGING_TABLE[dataset]).reported]


def _keys(dataset: Dataset) -> list[str]:
    return [json_key(name) if dataset == "events" else name for name in _columns(dataset)]


def _jsonpaths(columns: Sequence[str]) -> bytes:
    """A JSONPaths file: paths map to columns by their order."""
    own = set(_columns("songs")) - set(_columns("events"))
    is_events = not own & set(columns)
    paths = [
        f"$['sparkify_{name}']" if name in LINEAGE else f"$['{json_key(name) if is_events else name}']"
        for name in columns
    ]
    return json.dumps({"jsonpaths": paths}, indent=1).encode()


def _check_jsonpaths(uri: str) -> None:
    """COPY falls back to 'auto' without a word if the top key is not exactly this one."""
    if not store.is_remote(uri):
        raise ConfigError(f"[S3] LOG_JSONPATH = {uri}: a COPY reads it from s3://, not from this machine.")
    with store.open_file(uri) as handle:
        body = handle.read()
    try:
        paths = json.loads(body)["jsonpaths"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f'{uri} is no JSONPaths file: its one key must be "jsonpaths".') from error
    if not isinstance(paths, list):
        raise ConfigError(f'{uri} is no JSONPaths file: "jsonpaths" must be a list.')
    if len(paths) != len(_columns("events")):
        raise ConfigError(
            f"{uri} has {len(paths)} paths, stg_events takes {len(_columns('events'))}. "
            "Mend it, or leave [S3] LOG_JSONPATH empty."
        )


def _manifest(uris: Sequence[str]) -> bytes:
    return json.dumps({"entries": [{"url": uri, "mandatory": True} for uri in uris]}).encode()


def _compression(file: NewFile) -> str:
    return "gzip" if file.uri.endswith(".gz") else "none"
