"""Files into Redshift's raw table: one COPY for each compression where files are plain, gathered where not.

A plain COPY is the fast way, and says of a row neither file nor line. So it is trusted only as far as it can
be checked: the records that it counted per file must be the rows that came and the errors that it reported.
If a row is one that will be refused, everything is read once more the other way: by us, into a few large
parts that carry file and line with each record.
"""

import gzip
import json
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from sparkify import store
from sparkify.engines.base import STAGING_TABLE, Dataset, NewFile, Result, Staged
from sparkify.engines.reading import diagnose, look, odd_keys, records, rewrite
from sparkify.errors import ConfigError, QueryError
from sparkify.sql.schema import json_key, table
from sparkify.store import Listed

SMALL = 1 << 20
"""A file below this many bytes is small to COPY ..."""
MANY = 1000
"""... and with more of them than this, gathering them first is assumed to be faster (see docs)."""
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

    def stage(self, dataset: Dataset, files: Sequence[NewFile], refused: str) -> Sequence[Staged]:
        """Read the files; see `Engine.stage`."""
        self._run(f"DROP TABLE IF EXISTS raw_{dataset}")
        self._run(_create(dataset))
        if not self._copying.scratch:
            raise ConfigError(
                "no scratch bucket is known. Set [REDSHIFT] SCRATCH to an s3:// prefix of yours."
            )
        scratch = _Scratch(f"{self._copying.scratch.rstrip('/')}/{uuid.uuid4().hex}")
        try:
            plain, careful = self._split(files)
            staged = self._copy_plain(dataset, plain, refused, scratch)
            if staged is None:
                self._run(f"DELETE FROM raw_{dataset}")
                staged, careful = [], list(files)
            staged += self._gather(dataset, careful, scratch)
            return sorted(staged, key=lambda one: one.file_id)
        finally:
            scratch.remove()

    def preview(self, dataset: Dataset, files: Sequence[NewFile]) -> Sequence[str]:
        """The COPY statements that `stage` would begin with."""
        plain, careful = self._split(files)
        place = self._copying.scratch.rstrip("/")
        statements = [
            self._statement(dataset, _columns(dataset), f"{place}/.../{how}.manifest",
                            self._paths(dataset, f"{place}/.../{dataset}.jsonpaths"), how)
            for how in ("none", "gzip")
            if any(_compression(file) == how for file in plain)
        ]  # fmt: skip
        if careful:
            columns = [*LINEAGE, *_columns(dataset)]
            statements.append(
                self._statement(dataset, columns, f"{place}/.../parts.manifest",
                                f"{place}/.../parts.jsonpaths", "gzip", "TRUNCATECOLUMNS")
            )  # fmt: skip
        return statements

    def _split(self, files: Sequence[NewFile]) -> tuple[list[NewFile], list[NewFile]]:
        """(files for a plain COPY, files to be gathered)."""
        small = sum(file.size < SMALL for file in files)
        compact = self._copying.compact
        if compact == "always" or (compact == "auto" and small > MANY):
            return [], list(files)
        plain = [file for file in files if store.is_remote(file.uri) and not file.start and file.size]
        return plain, [file for file in files if file not in plain]

    def _copy_plain(
        self, dataset: Dataset, files: Sequence[NewFile], refused: str, scratch: "_Scratch"
    ) -> list[Staged] | None:
        """COPY the files as they are; None if what came of it does not add up, or not well enough."""
        scanned: dict[str, int] = {}
        broken: dict[str, list[int]] = {}
        for how in ("none", "gzip"):
            group = [file for file in files if _compression(file) == how]
            if not group:
                continue
            manifest = scratch.put(f"{how}.manifest", _manifest([file.uri for file in group]))
            paths = self._paths(dataset, scratch.address(f"{dataset}.jsonpaths"))
            if paths.startswith(scratch.prefix):
                scratch.put(f"{dataset}.jsonpaths", _jsonpaths(_columns(dataset)))
            try:
                self._run(self._statement(dataset, _columns(dataset), manifest, paths, how))
            except QueryError as error:
                if "mandatory" in str(error) or "NoSuchKey" in str(error) or how == "none":
                    raise
                return None  # a gzip file that cannot be unpacked takes the whole COPY down
            scanned |= self._scanned()
            for uri, line in self._errors():
                broken.setdefault(uri, []).append(line)
        by_uri = {file.uri: file for file in files}
        if not (scanned.keys() | broken.keys()) <= by_uri.keys():
            return None  # the cluster tells of another COPY than ours
        for uri, errors in broken.items():
            numbers = [number for number, _ in records(by_uri[uri])]
            if len(numbers) != scanned.get(uri, 0) or not set(errors) <= set(numbers):
                return None
        rejected = [(by_uri[uri].file_id, line) for uri, errors in broken.items() for line in errors]
        rows = self._count(f"SELECT COUNT(*) AS n FROM raw_{dataset}")
        if rows + len(rejected) != sum(scanned.values()):
            return None
        if self._count(f"SELECT COUNT(*) AS n FROM raw_{dataset} WHERE {refused}"):
            return None
        self._insert(f"raw_{dataset}", LINEAGE, rejected)
        return [_plainly_staged(dataset, file, scanned.get(file.uri, 0)) for file in files]

    def _gather(self, dataset: Dataset, files: Sequence[NewFile], scratch: "_Scratch") -> list[Staged]:
        """Write the records of these files into a few parts, each with its file and line, and COPY those."""
        if not files:
            return []
        columns = _columns(dataset)
        with tempfile.TemporaryDirectory(prefix="sparkify-") as folder:
            here = _brought_here(files, Path(folder))
            parts = _Parts(Path(folder), 2 * self._copying.slices)
            staged = [_gathered(dataset, file, parts) for file in here]
            urls = [scratch.put(path.name, path) for path in parts.close()]
        if urls:
            manifest = scratch.put("parts.manifest", _manifest(urls))
            paths = scratch.put("parts.jsonpaths", _jsonpaths([*LINEAGE, *columns]))
            self._run(
                self._statement(dataset, [*LINEAGE, *columns], manifest, paths, "gzip", "TRUNCATECOLUMNS")
            )
            lost = [parts.lines[url.rpartition("/")[2]][line - 1] for url, line in self._errors()]
            self._insert(f"raw_{dataset}", LINEAGE, lost)
        return staged

    def _statement(
        self, dataset: Dataset, columns: Sequence[str], manifest: str, paths: str, how: str, *more: str
    ) -> str:
        options = [*(["GZIP"] if how == "gzip" else []), *more]
        region = store.bucket_region(store.split(manifest)[0])
        return "\n".join([
            f"COPY raw_{dataset} ({', '.join(columns)})",
            f"FROM '{manifest}' MANIFEST",
            f"IAM_ROLE '{self._copying.role}' REGION '{region}'",
            " ".join([f"FORMAT JSON '{paths}'", *options, f"MAXERROR {MAX_ERRORS}",
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


class _Parts:
    """A few gzip files that records are dealt out to, file by file."""

    def __init__(self, folder: Path, count: int) -> None:
        self._paths = [folder / f"part{number}.json.gz" for number in range(count)]
        self._open: dict[Path, Any] = {}
        self._next = 0
        self.lines: dict[str, list[tuple[int, int]]] = {path.name: [] for path in self._paths}

    def add(self, file_id: int, found: Iterator[tuple[int, bytes]]) -> int:
        """Add a file's records; return how many there are."""
        path = self._paths[self._next % len(self._paths)]
        self._next += 1
        if path not in self._open:
            self._open[path] = gzip.open(path, "wb", 1)  # noqa: SIM115  # closed with all others
        before = len(self.lines[path.name])
        for record, line in found:
            self._open[path].write(_with_lineage(file_id, record, line))
            self.lines[path.name].append((file_id, record))
        return len(self.lines[path.name]) - before

    def close(self) -> list[Path]:
        """Finish; the parts that hold anything."""
        for handle in self._open.values():
            handle.close()
        return [path for path in self._open if self.lines[path.name]]


def _with_lineage(file_id: int, record: int, line: bytes) -> bytes:
    """The record with its file and line; where it is none, these alone, which the judge will refuse."""
    head = b'{"sparkify_file_id":%d,"sparkify_record":%d' % (file_id, record)
    body = line.strip()
    if diagnose(body) is not None or body[1:-1].strip() == b"":
        return head + b"}\n"
    return head + b"," + body[1:] + b"\n"


def _gathered(dataset: Dataset, file: NewFile, parts: _Parts) -> Staged:
    seen = look(file)
    read = 1 if seen.problem else parts.add(file.file_id, rewrite(file))
    unknown, absent = odd_keys(seen.first_line, _keys(dataset))
    return Staged(file.file_id, read, seen.content_hash, seen.lines, seen.tail, unknown, absent, seen.problem)


def _plainly_staged(dataset: Dataset, file: NewFile, scanned: int) -> Staged:
    """What is known of a file that only the cluster has read: its ETag stands for its hash."""
    first = store.read_head(file.uri, HEAD) if _compression(file) == "none" else b""
    line, newline, _ = first.lstrip().partition(b"\n")
    is_whole = newline or file.size <= HEAD
    unknown, absent = odd_keys(line, _keys(dataset)) if is_whole else (frozenset(), frozenset())
    return Staged(file.file_id, scanned, file.modified, scanned, 0, unknown, absent, has_lineage=False)


def _brought_here(files: Sequence[NewFile], folder: Path) -> list[NewFile]:
    """The files of buckets, copied to this machine; one that is not the listed one any more is left out."""
    remote = [Listed(file.uri, file.size, file.modified) for file in files if store.is_remote(file.uri)]
    paths = store.fetch(remote, folder)
    here = [
        replace(file, path=paths.get(file.uri, "")) if store.is_remote(file.uri) else file for file in files
    ]
    return [file for file in here if file.path]


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
    with store.open_file(uri) as handle:
        body = handle.read()
    try:
        paths = json.loads(body)["jsonpaths"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f'{uri} is no JSONPaths file: its one key must be "jsonpaths".') from error
    if len(paths) != len(_columns("events")):
        raise ConfigError(
            f"{uri} has {len(paths)} paths, stg_events takes {len(_columns('events'))}. "
            "Mend it, or leave [S3] LOG_JSONPATH empty."
        )


def _manifest(uris: Sequence[str]) -> bytes:
    return json.dumps({"entries": [{"url": uri, "mandatory": True} for uri in uris]}).encode()


def _compression(file: NewFile) -> str:
    return "gzip" if file.uri.endswith(".gz") else "none"
