"""What must be known of a file before a fast JSON reader may be trusted with it.

A reader that skips errors loses things: blank lines vanish, and a file it cannot decode takes the others
down. So every file is looked at once, byte by byte: how many lines, which hash, is it what it says it
is. Where the reader's count of rows differs from the count of lines, or where the file is not a plain
log, it is read again line by line (`rewrite`), and what comes out is one good-looking object a line.
"""

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Collection, Iterator
from functools import cache
from io import BytesIO
from typing import BinaryIO, NamedTuple, cast

from sparkify.engines.base import NewFile
from sparkify.store import open_file

CHUNK = 1 << 20
"""Bytes looked at in one go: what a core keeps near itself, so that hash and counts read memory once."""
FIRST = 64 << 10
LONGEST_RECORD = 4 << 20
"""Redshift takes no JSON object above 4 MB; nor do we, so that both engines judge alike."""
BOM = b"\xef\xbb\xbf"
GZIP = b"\x1f\x8b"
BLANKS = b" \t\r\n"
NULL = b"\\u0000"
"""The one character that JSON has and Redshift's text has not; so neither has ours."""
BUFFER = (16 << 20) - 4
"""Bytes that DuckDB 2.0 reads at once; it loses a last line without a newline that lies in two such parts."""
NEAR = 64
"""Bytes by which a buffer might end earlier or later than we believe."""
FEW = 3
"""So many bad lines are still judged one by one; if most are bad, the file is."""
_ESCAPED_NULL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class Look(NamedTuple):
    """What one pass over a file's bytes shows; positions are bytes from the start of the file."""

    content_hash: str
    lines: int
    tail: int
    compression: str
    first_line: bytes
    plain: bool
    """No mark, null character, line so long or place of the last line where a JSON reader would go wrong."""
    problem: str | None = None


def look(file: NewFile, handle: BinaryIO | None = None) -> Look:
    """Read a file once: its hash, its lines from `file.start` on, and whether it can be read at all.

    A gzip file is unpacked on the way, so that a truncated one is found before anything trusts it.
    """
    try:
        with handle or open_file(file.path) as source:
            packed = source.read(2) == GZIP
            source.seek(0)
            seen = _look_gzip(source) if packed else _look_plain(file, source)
            return _look_into_spread(file, source, seen) if _is_spread(seen) else seen
    except OSError as error:
        return unreadable_file(error)


def look_at_record(body: bytes) -> Look | None:
    """The look of a file that is one record on one line, as nearly every song file is; None for any other."""
    if not body.startswith(b"{") or not body.endswith(b"}") or b"\n" in body or _unreadable(body):
        return None
    return Look(hashlib.sha256(body).hexdigest(), 1, 0, "none", body, plain=True)


def _is_spread(seen: Look) -> bool:
    return seen.problem is None and seen.first_line.rstrip(BLANKS) == b"{"


def _look_into_spread(file: NewFile, handle: BinaryIO, seen: Look) -> Look:
    """An object printed over several lines is one record; several of them in one file are none."""
    whole = _one_object(_unpacked(file, handle).read(LONGEST_RECORD + 1))
    if whole is None:
        return seen._replace(problem="JSON printed over several lines: one object a line is expected")
    return seen._replace(first_line=whole[1])


def unreadable_file(error: OSError) -> Look:
    """The look of a file that the operating system does not give us."""
    return Look("", 0, 0, "none", b"", plain=False, problem=f"cannot be read: {error.strerror}")


def _look_plain(file: NewFile, handle: BinaryIO) -> Look:
    sha = hashlib.sha256()
    left = file.start
    while left and (chunk := handle.read(min(CHUNK, left))):
        sha.update(chunk)
        left -= len(chunk)
    counter = _Counter(file.start)
    while chunk := handle.read(CHUNK):
        sha.update(chunk)
        counter.add(chunk)
    return Look(
        sha.hexdigest(),
        file.lines_before + counter.lines,
        counter.tail,
        "none",
        counter.first_line,
        plain=file.start == 0 and counter.plain,
        problem=counter.problem(),
    )


def _look_gzip(handle: BinaryIO) -> Look:
    sha = hashlib.sha256()
    while chunk := handle.read(CHUNK):
        sha.update(chunk)
    handle.seek(0)
    counter = _Counter(0)
    problem = None
    try:
        with gzip.GzipFile(fileobj=handle) as unpacked:
            while chunk := unpacked.read(CHUNK):
                counter.add(chunk)
    except EOFError:
        problem = "truncated gzip"
    except (OSError, zlib.error) as error:
        problem = f"damaged gzip: {error}"
    problem = problem or counter.problem()
    return Look(
        sha.hexdigest(), counter.lines, 0, "gzip", counter.first_line, plain=counter.plain, problem=problem
    )


class _Counter:
    """Counts lines over chunks, and remembers the first and the last bytes."""

    def __init__(self, start: int) -> None:
        self.first = b""
        self.tail = self.at = start
        self.newlines = 0
        self.last = b"\n"
        self.has_huge_line = False
        self.has_null = False

    def add(self, chunk: bytes) -> None:
        if not self.first:
            self.first = chunk[:FIRST]
        newlines, has_escapes = _count(chunk)
        border = self.last + chunk[: len(NULL)]
        self.has_null = self.has_null or (has_escapes and NULL in chunk) or NULL in border
        ends = chunk.index(b"\n") if newlines else len(chunk)
        self.has_huge_line = self.has_huge_line or self.at + ends - self.tail > LONGEST_RECORD
        if newlines:
            self.newlines += newlines
            self.tail = self.at + chunk.rindex(b"\n") + 1
        self.at += len(chunk)
        self.last = chunk[-64:]

    @property
    def lines(self) -> int:
        return self.newlines + (not self.last.endswith(b"\n"))

    @property
    def first_line(self) -> bytes:
        return self.first.removeprefix(BOM).lstrip(BLANKS).partition(b"\n")[0]

    @property
    def plain(self) -> bool:
        return not (self.has_huge_line or self.has_null or self.first.startswith(BOM) or self._is_split)

    @property
    def _is_split(self) -> bool:
        """Whether a buffer may end within a last line that has no newline."""
        return not self.last.endswith(b"\n") and (self.tail - NEAR) // BUFFER != (self.at + NEAR) // BUFFER

    def problem(self) -> str | None:
        """Why no line of this file can be a record, if that is so."""
        if self.first.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\0" in self.first:
            return "not UTF-8 (it starts as UTF-16 does)"
        lines = self.first.split(b"\n")
        bad = sum(map(_is_no_text, lines[:-1] if len(self.first) == FIRST else lines))
        if bad >= FEW and bad * 2 > len(lines):
            return "not UTF-8"
        start, end = self.first.removeprefix(BOM).lstrip(BLANKS), self.last.rstrip(BLANKS)
        spread = not self.first_line.rstrip(BLANKS).endswith(b"]")
        if start.startswith(b"[") and end.endswith(b"]") and (spread or self.newlines == 0):
            return "a JSON array: one object a line is expected"
        return None


def _count(chunk: bytes) -> tuple[int, bool]:
    """Its newlines, and whether any character in it is written as `\\u` and digits; other threads go on."""
    import numpy as np

    values = np.frombuffer(chunk, np.uint8)
    escapes = (values[:-1] == ord("\\")) & (values[1:] == ord("u"))
    return int(np.count_nonzero(values == ord("\n"))), bool(escapes.any())


def records(file: NewFile, handle: BinaryIO | None = None) -> Iterator[tuple[int, bytes]]:
    """The records of a file one by one, whatever is in it: (number of its line, its bytes on one line).

    Blank lines are left out, and an object printed over several lines is one record.
    """
    with handle or open_file(file.path) as source:
        lines = _unpacked(file, source)
        if file.size <= LONGEST_RECORD:
            body = lines.read(LONGEST_RECORD + 1)
            if whole := _one_object(body):
                yield file.lines_before + whole[0], whole[1]
                return
            if len(body) <= LONGEST_RECORD:
                lines = BytesIO(body)
            else:
                source.seek(0)
                lines = _unpacked(file, source)
        for number, raw in enumerate(_lines(lines), start=file.lines_before + 1):
            line = (raw.removeprefix(BOM) if number == 1 else raw).strip(BLANKS)
            if _is_cut(raw):
                yield number, raw
            elif line:
                yield number, line


def _lines(handle: BinaryIO) -> Iterator[bytes]:
    """Its lines; of one that is longer than any record only the beginning, so that none fills the memory."""
    while line := handle.readline(LONGEST_RECORD + 1):
        yield line
        if _is_cut(line):
            while (rest := handle.readline(CHUNK)) and not rest.endswith(b"\n"):
                pass


def _is_cut(line: bytes) -> bool:
    return len(line) > LONGEST_RECORD and not line.endswith(b"\n")


def rewrite(file: NewFile, handle: BinaryIO | None = None) -> Iterator[tuple[int, bytes]]:
    """The records of a file, fit for a JSON reader: one it could stumble over becomes an empty list,
    which is rejected like any record that is no object, at its place."""
    for number, line in records(file, handle):
        yield number, b"[]" if _unreadable(line) else line


def diagnose(line: bytes) -> str | None:
    """Why these bytes are no record at all; None if they are a JSON object, whatever is in it.

    Asked only of what DuckDB's reader refused: that lets pass a comma before a closing brace, and an
    Infinity or NaN without quotes, which lose nothing. To look for them would slow every load.
    """
    if problem := _unreadable(line):
        return problem
    try:
        value = json.loads(line)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return "holds half of a surrogate pair"
    except (ValueError, RecursionError):
        return "malformed JSON"
    return None if isinstance(value, dict) else "not a JSON object"


def odd_keys(line: bytes, expected: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
    """(keys of a record that are not expected, expected keys that it lacks); none if it is no object.

    Nearly every record is as it should be, and that is seen without parsing it.
    """
    if line.count(b'":') == len(expected) and all(map(line.__contains__, _quoted(tuple(expected)))):
        return frozenset(), frozenset()
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return frozenset(), frozenset()
    if not isinstance(value, dict):
        return frozenset(), frozenset()
    return frozenset(value.keys() - set(expected)), frozenset(set(expected) - value.keys())


@cache
def _quoted(keys: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(b'"%s"' % key.encode() for key in keys)


def _is_no_text(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return b"\0" in line


def _unpacked(file: NewFile, handle: BinaryIO) -> BinaryIO:
    packed = handle.read(2) == GZIP
    handle.seek(0 if packed else file.start)
    # GzipFile reads like any other binary file; typeshed gives it a class of its own.
    return cast("BinaryIO", gzip.GzipFile(fileobj=handle)) if packed else handle


def _one_object(body: bytes) -> tuple[int, bytes] | None:
    """(line it starts on, text on one line) if the file is one object printed over several lines."""
    stripped = body.removeprefix(BOM).strip(BLANKS)
    if b"\n" not in stripped or stripped.partition(b"\n")[0].rstrip(BLANKS).endswith(b"}"):
        return None
    try:
        if not isinstance(json.loads(stripped), dict):
            return None
    except (ValueError, RecursionError):
        return None
    start = body.index(stripped[:1])
    return body.count(b"\n", 0, start) + 1, b" ".join(stripped.splitlines())


def _unreadable(line: bytes) -> str | None:
    if len(line) > LONGEST_RECORD:
        return "longer than 4 MB"
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return "not UTF-8"
    if NULL in line and _ESCAPED_NULL.search(line):
        return "holds a null character"
    return None
