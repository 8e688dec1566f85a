"""Which files of the source are data, and which are passed over, each with a reason.

Nothing that lies in the source vanishes silently: it is loaded, or `sparkify plan` names it.
"""

import datetime as dt
import gc
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import NamedTuple

from sparkify.config import S3
from sparkify.errors import ConfigError, LoadError, RemoteError
from sparkify.source import compression
from sparkify.source.file import Dataset
from sparkify.source.local import NOWHERE, is_special, local_path, local_uri, local_version, real_path
from sparkify.source.passed_over import (
    HIDDEN,
    LEADS_OUT,
    LINKED,
    MARKER,
    SPECIAL,
    UNLISTED,
    PassedOver,
    is_hidden,
    why_beside,
    why_not,
    why_special,
)
from sparkify.source.store import find, is_remote, list_bucket, list_folder, require_owner, split

JSON = (".json", ".jsonl", ".ndjson")
SUFFIXES = JSON + tuple(json + packed for json in JSON for packed in compression.SUFFIXES)
"""How the names of data files end, in any case of letters."""
_DAY = re.compile(r"(?<!\d)(\d{4})-(\d\d)-(\d\d)(?!\d)", re.ASCII)
FOLDERS: tuple[tuple[Dataset, str], ...] = (("songs", "song_data"), ("events", "log_data"))


class SourceFile(NamedTuple):
    """A file as the listing shows it; `modified` is its `local.local_version`, or its ETag."""

    uri: str
    """Its identity; `local.local_path` turns it into the path of a file of this machine."""
    dataset: Dataset
    size: int
    modified: str

    @property
    def day(self) -> dt.date | None:
        """The one day that a log's name carries; None if it carries several."""
        days = set()
        for found in _DAY.findall(self.uri.rpartition("/")[2]):
            with suppress(ValueError):
                days.add(dt.date(*map(int, found)))
        return days.pop() if len(days) == 1 else None


class Listing(NamedTuple):
    """What the source holds: songs first, then logs, each sorted by URI."""

    files: Sequence[SourceFile]
    passed_over: Sequence[PassedOver]


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for garbage meanwhile: among hundreds of thousands of objects that stay it takes a third."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@uncollected()
def survey_source(s3: S3) -> Listing:
    """Everything that lies in the source: the data files, and what is passed over.

    `song_data/` and `log_data/` are looked for below the source; one of the two may be absent. Of what lies
    beside them only the top is named. Raises ConfigError if there is nothing to look at, RemoteError if a
    bucket cannot be listed, or is of another account than [S3] OWNER.
    """
    if not (s3.source or s3.log_data or s3.song_data):
        raise ConfigError("no source: give --source DIR, or set [S3] SOURCE in dwg.cfg.")
    if s3.owner:
        places = (s3.source, s3.log_data, s3.song_data, s3.log_jsonpath, s3.song_jsonpath)
        for bucket in dict.fromkeys(split(place)[0] for place in places if is_remote(place)):
            require_owner(bucket, s3.owner)
    files: list[SourceFile] = []
    passed_over: list[PassedOver] = []
    folders: list[str] = []
    is_found = False
    for dataset, name in FOLDERS:
        own = s3.song_data if dataset == "songs" else s3.log_data
        folder = _find_folder(s3, name, own)
        if folder is None:
            continue
        survey = _Survey(dataset, () if s3.follow_links == "yes" else _roots(s3.source, folder))
        survey.read(folder)
        folders.append(folder)
        is_found |= bool(own or survey.files or survey.passed_over) or not is_remote(folder)
        files += sorted(survey.files, key=itemgetter(0))
        passed_over += survey.passed_over
    if not is_found:
        raise ConfigError(
            f"{s3.source} holds neither song_data/ nor log_data/. Give the folder that does as --source."
        )
    if s3.source and not (s3.song_data and s3.log_data):
        passed_over += _beside(s3.source, folders)
    return Listing(files, sorted(set(passed_over), key=attrgetter("uri")))


def list_source(s3: S3) -> list[SourceFile]:
    """Every data file of the source, songs first, sorted by URI. Raises as `survey_source`."""
    return list(survey_source(s3).files)


def link_roots(s3: S3) -> tuple[str, ...] | None:
    """The folders that links of this source may lead into; None: links may lead anywhere."""
    return None if s3.follow_links == "yes" else _roots(s3.source, s3.song_data, s3.log_data)


def find_source(uri: str, dataset: Dataset, roots: Sequence[str] | None = ()) -> SourceFile:
    """One file as it lies there now; through a link only into `roots`, or the source that it lies in.

    Raises LoadError, or RemoteError for one in a bucket.
    """
    if roots is not None and not is_remote(uri):
        path = local_path(uri)
        source = path.rpartition(f"/{dict(FOLDERS)[dataset]}/")[0]
        real = real_path(path)
        if real != path and not _is_inside(real, (*roots, *_roots(source))):
            raise LoadError(
                f"{uri} is {LEADS_OUT}. Put the file back, or set [S3] FOLLOW_LINKS = yes; "
                "nothing was loaded."
            )
    try:
        found = find(uri)
    except OSError as error:
        raise LoadError(
            f"{uri} cannot be read: {error.strerror}. Put it back; `sparkify undo RUN` rolls its run back."
        ) from error
    return SourceFile(uri, dataset, found.size, found.version)


def warn_passed_over(listing: Listing) -> str | None:
    """What a load says of files that it does not load; None if all of them are to be expected."""
    unexpected = [one for one in listing.passed_over if not one.is_expected]
    if not unexpected:
        return None
    first = f"{unexpected[0].uri} ({unexpected[0].reason})"
    if len(unexpected) == 1:
        return f"1 file or folder is not loaded, {first}: `sparkify plan` names it."
    return (
        f"{len(unexpected):,} files or folders are not loaded, the first {first}: `sparkify plan` names them."
    )


def missing_days(files: Iterable[SourceFile], known_days: Iterable[dt.date]) -> list[dt.date]:
    """The days without a log between others, in order, but for those that lie between logs known already.

    A day is told of once: when there are logs of days before and after it, whichever come first.
    """
    known = sorted(known_days)
    listed = {file.day for file in files if file.dataset == "events"}
    days = sorted({*known, *(day for day in listed if day)})
    return [
        day
        for before, after in pairwise(days)
        for day in (before + dt.timedelta(days=number) for number in range(1, (after - before).days))
        if not (known and known[0] < day < known[-1])
    ]


def between(files: Sequence[SourceFile], first: dt.date | None, last: dt.date | None) -> list[SourceFile]:
    """Leave out the logs of other days, and those whose name carries no day; songs stay."""
    if first is None and last is None:
        return list(files)
    low, high = first or dt.date.min, last or dt.date.max
    return [file for file in files if file.dataset == "songs" or (file.day and low <= file.day <= high)]


def _find_folder(s3: S3, name: str, own: str) -> str | None:
    """Where the files of one dataset lie, with a slash at the end; None if the source has no such folder.

    Raises ConfigError where the folder is a link that leads out of the source, unless links are followed.
    """
    place = own or s3.source
    if is_remote(place):
        split(place)  # refused where it names no bucket
        return (place.rstrip("/") if own else f"{place.rstrip('/')}/{name}") + "/"
    if not place:
        return None
    if not Path(place).is_dir():
        where = f"[S3] {name.upper()}" if own else "--source, or [S3] SOURCE in dwg.cfg"
        what = (
            "neither a directory nor s3://BUCKET/PREFIX" if re.match(r"\w{2,}:", place) else "not a directory"
        )
        raise ConfigError(f"{place} is {what}. Check {where}.")
    folder = Path(place) if own else Path(place) / name
    if not folder.is_dir():
        return None
    if not own and s3.follow_links == "no" and not _is_inside(real_path(str(folder)), _roots(place)):
        raise ConfigError(
            f"{folder} is a link that leads out of the source. Name the folder it leads to as [S3] "
            f"{name.upper()}, or set [S3] FOLLOW_LINKS = yes."
        )
    return os.path.join(folder.resolve(), "")  # noqa: PTH118  # a slash at its end


def _roots(*folders: str) -> tuple[str, ...]:
    """The real paths of these folders, each with a slash at its end."""
    return tuple(
        os.path.join(os.path.realpath(folder), "")  # noqa: PTH118  # a slash at its end
        for folder in folders
        if folder and not is_remote(folder)
    )


def _is_inside(path: str, roots: Sequence[str]) -> bool:
    return path.startswith(tuple(roots))


class _Survey:
    """What lies in the folder of one dataset."""

    def __init__(self, dataset: Dataset, roots: Sequence[str]) -> None:
        """`roots` are the folders that links may lead into; none: links may lead anywhere."""
        self._roots = roots
        self.files: list[SourceFile] = []
        self.passed_over: list[PassedOver] = []
        self._dataset: Dataset = dataset

    def read(self, folder: str) -> None:
        """Look through a folder or prefix, which ends in a slash."""
        if is_remote(folder):
            self._read_bucket(folder)
        else:
            self._walk(folder)

    def _read_bucket(self, prefix: str) -> None:
        for uri, size, version in list_bucket(prefix):
            *folders, name = uri[len(prefix) :].split("/")
            hidden = next((at for at, part in enumerate((*folders, name)) if is_hidden(part)), None)
            if hidden is not None:
                where = "/".join((*folders, name)[: hidden + 1])
                self._pass_over(f"{prefix}{where}{'/' if hidden < len(folders) else ''}", HIDDEN)
            elif name.lower().endswith(SUFFIXES):
                self.files.append(SourceFile(uri, self._dataset, size, version))
            elif size or not MARKER.search(uri):
                self._pass_over(uri, why_not(name))

    def _walk(self, folder: str) -> None:
        """Every file below a folder; a link to a folder is not followed, so that no loop is walked.

        Nor is one to a file outside of the source: what it leads to is no part of the feed.
        """
        stack = [folder]
        while stack:
            for entry in _entries(stack.pop()):
                name = entry.name
                if (name[0] in "._" or name[-1] == "_") and is_hidden(name):
                    self._pass_over(local_uri(entry.path), HIDDEN)
                elif entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                elif name.lower().endswith(SUFFIXES):
                    self._add(entry)
                else:
                    self._pass_over(local_uri(entry.path), why_special(entry) or why_not(name))

    def _add(self, entry: "os.DirEntry[str]") -> None:
        """A file by its name, which may be anything, or nothing any more."""
        path = entry.path
        uri = path if path.isascii() else local_uri(path)
        try:
            state = entry.stat()
        except OSError as error:  # a link to nowhere, what nobody lets us look at, or what was just removed
            if entry.is_symlink() or not isinstance(error, FileNotFoundError):
                self._add_file(entry, SourceFile(uri, self._dataset, 0, NOWHERE))
            return
        if stat.S_ISDIR(state.st_mode):
            self._pass_over(uri, LINKED)
        elif is_special(state):
            self._pass_over(uri, SPECIAL)
        else:
            self._add_file(entry, SourceFile(uri, self._dataset, state.st_size, local_version(state)))

    def _add_file(self, entry: "os.DirEntry[str]", file: SourceFile) -> None:
        is_bound = self._roots and entry.is_symlink()
        if is_bound and not _is_inside(real_path(entry.path), self._roots):
            self._pass_over(file.uri, LEADS_OUT)
        else:
            self.files.append(file)

    def _pass_over(self, uri: str, reason: str) -> None:
        one = PassedOver(uri, reason, self._dataset)
        if self.passed_over[-1:] != [one]:
            self.passed_over.append(one)


def _entries(folder: str) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):  # removed since the folder above was listed
        return []
    except OSError as error:
        raise LoadError(
            f"{error.filename} cannot be listed: {error.strerror}. Give it read permission."
        ) from error


def _beside(source: str, folders: Sequence[str]) -> Iterator[PassedOver]:
    """What lies directly in the source, except for the folders that are read and those around them."""
    try:
        if is_remote(source):
            found = [(uri, uri.endswith("/")) for uri in list_folder(f"{source.rstrip('/')}/")]
        else:
            entries = _entries(str(Path(source).resolve()))
            found = [(entry.path, Path(entry.path).is_dir()) for entry in entries]
    except (RemoteError, LoadError):  # to read the two folders may be all that was granted
        yield PassedOver(local_uri(source), UNLISTED)
        return
    for place, is_folder in found:
        inside = place if is_remote(place) else os.path.join(os.path.realpath(place), "")  # noqa: PTH118  # a slash at its end
        if not (is_folder and any(folder.startswith(inside) for folder in folders)):
            yield PassedOver(local_uri(place), why_beside(place.rstrip("/").rpartition("/")[2], is_folder))
