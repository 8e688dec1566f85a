"""Which files there are, and which of them the ledger does not know."""

import datetime as dt
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sparkify.config import S3
from sparkify.engines.base import Dataset, Engine
from sparkify.errors import ConfigError, LoadError

SUFFIXES = (".json", ".json.gz")
State = Literal["new", "grown", "changed", "known"]


@dataclass(frozen=True)
class SourceFile:
    """A file as the listing shows it; `modified` is its time of modification in nanoseconds."""

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


@dataclass(frozen=True)
class Known:
    """The latest part of a file that the ledger holds."""

    file_id: int
    run_id: int
    size: int
    modified: str
    content_hash: str
    lines: int
    tail: int
    problem: str | None


@dataclass(frozen=True)
class Planned:
    """A file and what a run would do with it."""

    file: SourceFile
    state: State
    known: Known | None = None


@dataclass(frozen=True)
class Plan:
    """Every file of the source, by what the ledger says of it."""

    files: Sequence[Planned]

    def of(self, *states: State) -> list[Planned]:
        """The files in these states, songs first, in the order of their URIs."""
        return [planned for planned in self.files if planned.state in states]


def list_source(s3: S3) -> list[SourceFile]:
    """Every JSON file of the source, songs first, sorted by URI.

    `song_data/` and `log_data/` are looked for below the source; one of the two may be absent. Raises
    ConfigError if there is nothing to look at.
    """
    if not (s3.source or s3.log_data or s3.song_data):
        raise ConfigError("no source: give --source DIR, or set [S3] SOURCE in dwg.cfg.")
    songs = _folder(s3.source, "song_data", s3.song_data)
    events = _folder(s3.source, "log_data", s3.log_data)
    if songs is None and events is None:
        raise ConfigError(
            f"{s3.source} holds neither song_data/ nor log_data/. Give the folder above them as --source."
        )
    files: list[SourceFile] = []
    for dataset, folder in (("songs", songs), ("events", events)):
        if folder is not None:
            files += sorted(
                _walk(folder, "songs" if dataset == "songs" else "events"), key=lambda file: file.uri
            )
    return files


def make_plan(files: Sequence[SourceFile], engine: Engine) -> Plan:
    """Compare the listing with the ledger. Only files whose size or time differ are opened."""
    known = read_ledger(engine)
    return Plan([Planned(file, *_judge(file, known.get(file.uri))) for file in files])


def read_ledger(engine: Engine) -> dict[str, Known]:
    """The latest part of each file that the ledger knows, by URI."""
    answer = engine.query(
        "SELECT uri, file_id, run_id, size, modified, content_hash, lines, tail, problem "
        "FROM etl_file ORDER BY file_id"
    )
    return {uri: Known(*rest) for uri, *rest in answer.rows}


def between(files: Sequence[SourceFile], first: dt.date | None, last: dt.date | None) -> list[SourceFile]:
    """Leave out the logs of other days; songs, and logs whose name carries no day, stay."""
    low, high = first or dt.date.min, last or dt.date.max
    return [file for file in files if file.dataset == "songs" or file.day is None or low <= file.day <= high]


def hash_head(path: str, size: int) -> str:
    """SHA-256 of the first `size` bytes."""
    sha = hashlib.sha256()
    with Path(path).open("rb") as handle:
        while size and (chunk := handle.read(min(4 << 20, size))):
            sha.update(chunk)
            size -= len(chunk)
    return sha.hexdigest()


def _judge(file: SourceFile, known: Known | None) -> tuple[State, Known | None]:
    if known is None:
        return "new", None
    if (file.size, file.modified) == (known.size, known.modified) and known.content_hash:
        return "known", known
    if known.problem:
        return "new", known
    try:
        same_head = file.size >= known.size and hash_head(file.uri, known.size) == known.content_hash
    except OSError as error:
        raise LoadError(f"{file.uri} cannot be read: {error.strerror}.") from error
    if not same_head:
        return "changed", known
    if file.size == known.size:
        return "known", known
    return ("changed" if file.uri.endswith(".gz") else "grown"), known


def _folder(source: str, name: str, own: str) -> Path | None:
    if own:
        folder = Path(own)
        if not folder.is_dir():
            raise ConfigError(
                f"{own} is no folder. Check [S3] {'LOG_DATA' if name == 'log_data' else 'SONG_DATA'}."
            )
        return folder.resolve()
    if not source:
        return None
    if not Path(source).is_dir():
        raise ConfigError(f"{source} is no folder. Check --source, or [S3] SOURCE in dwg.cfg.")
    folder = Path(source) / name
    return folder.resolve() if folder.is_dir() else None


def _walk(folder: Path, dataset: Dataset) -> Iterator[SourceFile]:
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
            if entry.is_dir(follow_symlinks=False) and not entry.name.endswith(SUFFIXES):
                stack.append(entry.path)
            elif entry.name.endswith(SUFFIXES) and not entry.name.startswith("."):
                try:
                    stat = entry.stat()
                except OSError:  # a link to nowhere, or a file that was just removed
                    yield SourceFile(entry.path, dataset, 0, "0")
                    continue
                yield SourceFile(entry.path, dataset, stat.st_size, str(stat.st_mtime_ns))
