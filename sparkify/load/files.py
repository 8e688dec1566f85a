"""Which files there are, and which of them the ledger does not know."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from sparkify.engines.base import Engine
from sparkify.errors import LoadError
from sparkify.ledger.files import Known, note_versions, read_ledger
from sparkify.load.growth import Border, find_border
from sparkify.source.compression import HEAD, SUFFIXES, compression_of
from sparkify.source.listing import SourceFile, uncollected
from sparkify.source.local import local_path
from sparkify.source.store import is_remote, open_file, read_heads

State = Literal["new", "grown", "changed", "undone", "known"]
Trust = Literal["version", "content"]
"""What says that a file is the one of the ledger: how it looks from outside, or nothing but its bytes."""


class Planned(NamedTuple):
    """A file and what a run would do with it."""

    file: SourceFile
    state: State
    known: Known | None = None
    """The part that it was compared with."""
    parts: Sequence[Known] = ()
    """All that the ledger holds of it."""
    border: Border | None = None
    """Where it goes on, if it has grown."""

    @property
    def is_whole(self) -> bool:
        """Whether it is read from its beginning, and replaces all that the ledger holds of it."""
        return self.state != "grown"

    @property
    def superseded(self) -> list[tuple[int, int]]:
        """Where rejects give way to what is read of it now: (part, line), line 0 if it was rejected whole."""
        standing = [part for part in self.parts if not part.is_undone]
        whole = [(part.file_id, 0) for part in standing if part.problem]
        if self.is_whole:
            return whole if standing and standing[-1].problem else []
        assert self.known and self.border  # a file has grown from somewhere, and from no such reject
        if self.border.start == self.known.size:
            return whole
        return [*whole, *((part.file_id, self.border.lines_before + 1) for part in self.parts)]

    @property
    def replaced(self) -> list[int]:
        """The parts that give way to it, but for those of which it supersedes the one reject."""
        rejected = {part for part, _ in self.superseded}
        return [part.file_id for part in self.parts if self.is_whole and part.file_id not in rejected]

    @property
    def has_new_version(self) -> bool:
        """Whether the content is that of the ledger, though the file looks otherwise from outside."""
        return (
            self.state in ("known", "undone")
            and self.known is not None
            and self.file.size == self.known.size
            and self.file.modified != self.known.modified
        )

    @property
    def has_undone(self) -> bool:
        """Whether a part of it was rolled back, and is left alone."""
        return any(part.is_undone for part in self.parts)


@dataclass(frozen=True)
class Plan:
    """Every file of the source, by what the ledger says of it."""

    files: Sequence[Planned]

    def of(self, *states: State) -> list[Planned]:
        """The files in these states, songs first, in the order of their URIs."""
        return [planned for planned in self.files if planned.state in states]


@uncollected()
def make_plan(files: Sequence[SourceFile], engine: Engine, trust: Trust = "version") -> Plan:
    """Compare the listing with the ledger.

    Only files whose size or version differ are opened, or, where nothing but content is trusted, all of them.
    """
    known = read_ledger(engine)
    return Plan([compare(file, known.get((file.uri, file.dataset), ()), trust) for file in files])


def remember_versions(engine: Engine, plan: Plan) -> None:
    """Note how known files look now, so that the next run need not read them again."""
    new = [(one.known.file_id, one.file.modified) for one in plan.files if one.has_new_version and one.known]
    if new:
        note_versions(engine, new)


def compare(file: SourceFile, parts: Sequence[Known], trust: Trust = "version") -> Planned:
    """What a run would do with a file of which the ledger holds these parts.

    What was undone is left alone while it is as it was, and said to be undone; what has come since is loaded.
    """
    if not parts:
        return Planned(file, "new")
    latest = parts[-1]
    state, border = _state_of(file, latest, parts, trust)
    if state == "known" and any(part.is_undone for part in parts):
        return Planned(file, "undone", latest, parts)
    if latest.is_undone and state != "grown":
        standing = [part for part in parts if not part.is_undone]
        if not standing:
            return Planned(file, "new", None, parts)
        latest = standing[-1]
        state, border = _state_of(file, latest, parts, trust)
    return Planned(file, state, latest, parts, border)


def hash_head(uri: str, size: int, algorithm: str = "sha256") -> str:
    """Hash of the first `size` bytes."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with open_file(uri) as handle:
        while size and (chunk := handle.read(min(4 << 20, size))):
            digest.update(chunk)
            size -= len(chunk)
    return digest.hexdigest()


def _begins_alike(file: SourceFile, known: Known) -> bool:
    """Whether the bytes that the ledger knows are still where they were.

    Where only an ETag was kept, it is the MD5 of an object that was uploaded in one piece; of any other
    object nothing can be said.
    """
    algorithm = {64: "sha256", 32: "md5"}.get(len(known.content_hash))
    if algorithm is None or file.size < known.size:
        return False
    return hash_head(file.uri, known.size, algorithm) == known.content_hash


def _state_of(
    file: SourceFile, known: Known, parts: Sequence[Known], trust: Trust
) -> tuple[State, Border | None]:
    is_trusted = trust == "version" or is_remote(file.uri)
    if _looks_known(file, known) and (is_trusted if known.content_hash else not _can_be_read(file.uri)):
        return "known", None
    try:
        state = _compare_content(file, known, parts)
    except OSError as error:
        if known.problem:
            return "new", None
        if not (is_remote(file.uri) or Path(local_path(file.uri)).is_file()):
            return "known", None  # since the source was listed it was removed, or became a folder or a pipe
        raise LoadError(f"{file.uri} cannot be read: {error.strerror}.") from error
    return ("grown", state) if isinstance(state, Border) else (state, None)


def _compare_content(
    file: SourceFile, known: Known, parts: Sequence[Known]
) -> Border | Literal["known", "changed", "new"]:
    begins_alike = _begins_alike(file, known)
    if begins_alike and file.size == known.size:
        return "known"
    if known.problem:  # nothing of it was loaded that it could go on from
        return "new"
    if not begins_alike:
        return "changed"
    return "changed" if _is_compressed(file.uri) else find_border(file, known, parts)


def _looks_known(file: SourceFile, known: Known) -> bool:
    """Whether size and version are those of the ledger; older programs kept only the time in ns."""
    version = file.modified.partition(".")[0] if known.modified.isdigit() else file.modified
    return (file.size, version) == (known.size, known.modified)


def _is_compressed(uri: str) -> bool:
    """Whether a file is compressed, by its bytes or its name: no part of it can be read alone then."""
    if uri.lower().endswith(tuple(SUFFIXES)):
        return True
    if is_remote(uri):
        [(head, _)] = read_heads([uri], HEAD)
    else:
        with open_file(uri) as handle:
            head = handle.read(HEAD)
    return compression_of(head) != "none"


def _can_be_read(uri: str) -> bool:
    try:
        open_file(uri).close()
    except OSError:
        return False
    return True
