"""Which files there are, and which of them the ledger does not know."""

import datetime as dt
import gc
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from sparkify.config import S3
from sparkify.engines.base import Dataset, Engine
from sparkify.errors import ConfigError, LoadError
from sparkify.store import Listed, find, is_remote, list_bucket, open_file, split

SUFFIXES = (".json", ".json.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
State = Literal["new", "grown", "changed", "undone", "known"]


class SourceFile(NamedTuple):
    """A file as the listing shows it; `modified` is its time of modification in ns, or its ETag."""

    uri: str
    dataset: Dataset
    size: int
    modified: str

    @property
    def day(self) -> dt.date | None:
        """The day that a log's name carries."""
        found = re.search(r"(\d{4})-(\d\d)-(\d\d)", self.uri.rpartition("/")[2])
        try:
            return dt.date(*map(int, found.groups())) if found else None
        except ValueError:
            return None


class Known(NamedTuple):
    """A part of a file that the ledger holds."""

    file_id: int
    dataset: Dataset
    run_id: int
    size: int
    modified: str
    content_hash: str
    lines: int | None
    tail: int | None
    problem: str | None
    has_lineage: bool
    is_undone: bool
    """Taken back: its content is left alone until somebody asks for it again."""


class Planned(NamedTuple):
    """A file and what a run would do with it."""

    file: SourceFile
    state: State
    known: Known | None = None
    """The part that it was compared with."""
    parts: Sequence[Known] = ()
    """All that the ledger holds of it."""

    @property
    def is_whole(self) -> bool:
        """Whether it is read from its beginning, and replaces all that the ledger holds of it."""
        return self.state != "grown"

    @property
    def has_undone(self) -> bool:
        """Whether some of it was taken back, and is left alone."""
        return any(part.is_undone for part in self.parts)


@dataclass(frozen=True)
class Plan:
    """Every file of the source, by what the ledger says of it."""

    files: Sequence[Planned]

    def of(self, *states: State) -> list[Planned]:
        """The files in these states, songs first, in the order of their URIs."""
        return [planned for planned in self.files if planned.state in states]


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for garbage meanwhile: among hundreds of thousands of objects that stay it takes a third."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@_uncollected()
def list_source(s3: S3) -> list[SourceFile]:
    """Every JSON file of the source, songs first, sorted by URI.

    `song_data/` and `log_data/` are looked for below the source; one of the two may be absent. Raises
    ConfigError if there is nothing to look at, RemoteError if a bucket cannot be listed.
    """
    if not (s3.source or s3.log_data or s3.song_data):
        raise ConfigError("no source: give --source DIR, or set [S3] SOURCE in dwg.cfg.")
    datasets: tuple[tuple[Dataset, str, str], ...] = (
        ("songs", "song_data", s3.song_data),
        ("events", "log_data", s3.log_data),
    )
    files: list[SourceFile] = []
    found = False
    for dataset, name, own in datasets:
        listed = _listed(s3.source, name, own)
        found |= listed is not None
        files += sorted(
            (SourceFile(one.uri, dataset, one.size, one.version) for one in listed or ()),
            key=lambda file: file.uri,
        )
    if not found:
        raise ConfigError(
            f"{s3.source} holds neither song_data/ nor log_data/. Give the folder above them as --source."
        )
    return files


def find_source(uri: str, dataset: Dataset) -> SourceFile:
    """One file as it lies there now. Raises LoadError, or RemoteError for one in a bucket."""
    try:
        found = find(uri)
    except OSError as error:
        raise LoadError(
            f"{uri} cannot be read: {error.strerror}. Put it back; `sparkify undo RUN` takes its run back."
        ) from error
    return SourceFile(uri, dataset, found.size, found.version)


@_uncollected()
def make_plan(files: Sequence[SourceFile], engine: Engine) -> Plan:
    """Compare the listing with the ledger. Only files whose size or time differ are opened."""
    known = read_ledger(engine)
    return Plan([compare(file, known.get(file.uri, ())) for file in files])


def compare(file: SourceFile, parts: Sequence[Known]) -> Planned:
    """What a run would do with a file of which the ledger holds these parts.

    What was undone is left alone while it is as it was; what has come to it since is loaded.
    """
    if not parts:
        return Planned(file, "new")
    latest = parts[-1]
    state = _judge(file, latest)
    if latest.is_undone and state == "known":
        return Planned(file, "undone", latest, parts)
    if latest.is_undone and state != "grown":
        standing = [part for part in parts if not part.is_undone]
        if not standing:
            return Planned(file, "new", None, parts)
        latest = standing[-1]
        state = _judge(file, latest)
    return Planned(file, state, latest, parts)


def read_ledger(engine: Engine) -> dict[str, list[Known]]:
    """The parts of each file that the ledger holds, in the order of loading, by URI.

    Left out are those that a load of the whole file has replaced, and rejects that were replayed.
    """
    answer = engine.query(
        "SELECT uri, file_id, dataset, run_id, size, modified, content_hash, lines, tail, problem, "
        "loaded IS NOT NULL AS has_lineage, undone_in IS NOT NULL AS is_undone "
        "FROM etl_file WHERE replaced_in IS NULL AND replays IS NULL ORDER BY file_id"
    )
    ledger: dict[str, list[Known]] = {}
    for uri, *rest in answer.rows:
        ledger.setdefault(uri, []).append(Known(*rest))
    return ledger


def between(files: Sequence[SourceFile], first: dt.date | None, last: dt.date | None) -> list[SourceFile]:
    """Leave out the logs of other days, and those whose name carries no day; songs stay."""
    if first is None and last is None:
        return list(files)
    low, high = first or dt.date.min, last or dt.date.max
    return [file for file in files if file.dataset == "songs" or (file.day and low <= file.day <= high)]


def hash_head(uri: str, size: int, algorithm: str = "sha256") -> str:
    """Hash of the first `size` bytes."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with open_file(uri) as handle:
        while size and (chunk := handle.read(min(4 << 20, size))):
            digest.update(chunk)
            size -= len(chunk)
    return digest.hexdigest()


def measure_head(uri: str, size: int) -> tuple[int, int]:
    """(lines in the first `size` bytes, the byte at which the last of them starts)."""
    newlines = tail = at = 0
    last = b"\n"
    with open_file(uri) as handle:
        while at < size and (chunk := handle.read(min(4 << 20, size - at))):
            newlines += chunk.count(b"\n")
            # The newline at the very end belongs to the last line.
            place = chunk.rfind(b"\n", 0, len(chunk) - (at + len(chunk) == size))
            tail = at + place + 1 if place >= 0 else tail
            at += len(chunk)
            last = chunk[-1:]
    return newlines + (last != b"\n"), tail


def _begins_alike(file: SourceFile, known: Known) -> bool:
    """Whether the bytes that the ledger knows are still where they were.

    Where only an ETag was kept, it is the MD5 of an object that was uploaded in one piece; of any other
    object nothing can be said.
    """
    algorithm = {64: "sha256", 32: "md5"}.get(len(known.content_hash))
    if algorithm is None or file.size < known.size:
        return False
    return hash_head(file.uri, known.size, algorithm) == known.content_hash


def _judge(file: SourceFile, known: Known) -> State:
    same = (file.size, file.modified) == (known.size, known.modified)
    if same and (known.content_hash or not _can_be_read(file.uri)):
        return "known"
    if known.problem:
        return "new"
    try:
        same_head = _begins_alike(file, known)
    except OSError as error:
        raise LoadError(f"{file.uri} cannot be read: {error.strerror}.") from error
    if not same_head:
        return "changed"
    if file.size == known.size:
        return "known"
    return "changed" if file.uri.lower().endswith(".gz") else "grown"


def _can_be_read(uri: str) -> bool:
    try:
        open_file(uri).close()
    except OSError:
        return False
    return True


def _listed(source: str, name: str, own: str) -> Iterable[Listed] | None:
    """The files of one dataset; None if the source has no such folder."""
    place = own or source
    if is_remote(place):
        split(place)  # refused where it names no bucket
        prefix = place.rstrip("/") if own else f"{place.rstrip('/')}/{name}"
        found = [one for one in list_bucket(f"{prefix}/") if _is_data(one.uri.rpartition("/")[2])]
        return found if found or own else None
    if not place:
        return None
    if not Path(place).is_dir():
        where = f"[S3] {name.upper()}" if own else "--source, or [S3] SOURCE in dwg.cfg"
        raise ConfigError(f"{place} is no folder. Check {where}.")
    folder = Path(place) if own else Path(place) / name
    return _walk(folder.resolve()) if folder.is_dir() else None


def _is_data(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def _walk(folder: Path) -> Iterator[Listed]:
    """The JSON files below a folder; a link to a folder is not followed, so that no loop is walked."""
    stack = [str(folder)]
    while stack:
        try:
            entries = list(os.scandir(stack.pop()))
        except OSError as error:
            raise LoadError(
                f"{error.filename} cannot be listed: {error.strerror}. Give it read permission."
            ) from error
        for entry in entries:
            if _is_data(entry.name):
                try:
                    stat = entry.stat()
                except OSError:  # a link to nowhere, or a file that was just removed
                    yield Listed(entry.path, 0, "0")
                    continue
                yield Listed(entry.path, stat.st_size, str(stat.st_mtime_ns))
            elif entry.is_dir(follow_symlinks=False):
                stack.append(entry.path)
