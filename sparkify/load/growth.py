"""Where a log that grew goes on: behind its last line, or at it.

The last line that the ledger knows may have no end yet. What comes then either ends it or goes on with it,
and a line that goes on is read again from its beginning. So nothing may have been loaded from it.
"""

from collections.abc import Sequence
from typing import BinaryIO, Literal, NamedTuple

from sparkify.ledger.files import Known
from sparkify.source.listing import SourceFile
from sparkify.source.scan import bare, one_object
from sparkify.source.store import open_file
from sparkify.source.tally import BLANKS, LONGEST_RECORD

CHUNK = 4 << 20


class Border(NamedTuple):
    """Where the new part of a file begins."""

    start: int
    lines_before: int


WHOLE = Border(0, 0)


def find_border(
    file: SourceFile, known: Known, parts: Sequence[Known]
) -> Border | Literal["known", "changed", "new"]:
    """Where a file goes on, whose first `known.size` bytes are those of the ledger and which is longer now.

    `parts` are all that the ledger holds of the file. "known" if only blanks came to a line without an end;
    "changed" if a record that was loaded goes on, or if the whole was one object; "new" if it is one object
    over several lines now, of which the ledger has seen a beginning. Raises OSError.
    """
    size = known.size
    with open_file(file.uri) as handle:
        if found := _of_one_object(handle.read(LONGEST_RECORD + 1), size):
            return found
        if size == 0 or _read(handle, size - 1, 1) == b"\n":
            return Border(size, _lines(file, known))
        lines, tail = known.lines, known.tail
        if lines is None or tail is None:
            lines, tail = measure_head(file.uri, size)
        ends = _ends_in_blanks(handle, size)
        if ends is not None:
            return Border(size, lines - 1) if ends else "known"
        held = [  # of one that was rejected as a whole nothing was loaded, and the file was another one
            part
            for part in parts
            if not (part.is_undone or part.problem or part.is_tail_rejected)
            and (part.lines == lines or part is known)
        ]
        if any(bare(_read(handle, tail, part.size - tail)) for part in held):
            return "changed"
    return Border(tail, lines - 1)


def _of_one_object(body: bytes, size: int) -> Literal["known", "changed", "new"] | None:
    """What `find_border` says of a file that is, or was, one object over several lines; None of any other."""
    is_all = len(body) <= LONGEST_RECORD
    if one_object(body[:size]):
        return "changed" if not is_all or body[size:].strip(BLANKS) else "known"
    return "new" if is_all and one_object(body) else None


def measure_head(uri: str, size: int) -> tuple[int, int]:
    """(lines in the first `size` bytes, the byte at which the last of them starts)."""
    newlines = tail = at = 0
    last = b"\n"
    with open_file(uri) as handle:
        while at < size and (chunk := handle.read(min(CHUNK, size - at))):
            newlines += chunk.count(b"\n")
            # The newline at the very end belongs to the last line.
            place = chunk.rfind(b"\n", 0, len(chunk) - (at + len(chunk) == size))
            tail = at + place + 1 if place >= 0 else tail
            at += len(chunk)
            last = chunk[-1:]
    return newlines + (last != b"\n"), tail


def _lines(file: SourceFile, known: Known) -> int:
    return measure_head(file.uri, known.size)[0] if known.lines is None else known.lines


def _ends_in_blanks(handle: BinaryIO, start: int) -> bool | None:
    """Whether the line that `start` lies in ends, with nothing but blanks before; None if it goes on."""
    handle.seek(start)
    while chunk := handle.readline(CHUNK):
        if chunk.strip(BLANKS):
            return None
        if chunk.endswith(b"\n"):
            return True
    return False


def _read(handle: BinaryIO, start: int, size: int) -> bytes:
    """So many bytes, or as many as tell that they are not blank."""
    handle.seek(start)
    return handle.read(min(size, CHUNK))
