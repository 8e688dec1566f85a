"""What must be known of a file before a fast JSON reader may be trusted with it.

A reader that skips errors loses things: blank lines vanish, and a file it cannot decode takes the others
down. So every file is looked at once, byte by byte: how many lines, which hash, is it what it says it
is. Where the reader's count of rows differs from the count of lines, or where the file is not a plain
log, it is read again record by record (see `record`), and what comes out is one plain object a line.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO, NamedTuple

from sparkify.source.compression import HEAD, Compression, CompressionError, compression_of, unpacked
from sparkify.source.file import NewFile
from sparkify.source.store import open_file
from sparkify.source.tally import BLANKS, BOM, LONGEST_RECORD, ByteCounter, NumberKeys, Tally

_LAST_COMMA = re.compile(r",\s*\}$")
TOO_LONG, NOT_UTF8, MALFORMED, NO_OBJECT = (
    "longer than 4 MB", "not UTF-8", "malformed JSON", "not a JSON object",
)  # fmt: skip
NO_OBJECTS = (TOO_LONG, NOT_UTF8, MALFORMED, NO_OBJECT)
"""Every reason for which a line is no record at all; a reject's begins so."""
CHUNK = 256 << 10
"""Bytes scanned in one go. Fits the CPU cache, so that hash and counts read memory once."""


class FileScan(NamedTuple):
    """What one pass over a file's bytes shows; positions are bytes from the start of the file."""

    content_hash: str
    lines: int
    tail: int
    compression: Compression
    first_line: bytes
    plain: bool
    """Nothing in it where a fast JSON reader would go wrong: see `ByteCounter.plain`."""
    problem: str | None = None
    tally: Tally = Tally()


def scan_file(
    file: NewFile, handle: BinaryIO | None = None, number_keys: NumberKeys | None = None
) -> FileScan:
    """Read a file once: its hash, its lines from `file.start` on, and whether it can be read at all.

    A compressed file is unpacked on the way, so that a truncated one is found before anything trusts it.
    """
    try:
        with handle or open_file(file.path) as source:
            compression = compression_of(source.read(HEAD))
            source.seek(0)
            plain = compression == "none"
            counter = ByteCounter(file.start if plain else 0, number_keys)
            seen = _scan_plain(file, source, counter) if plain else _scan_packed(source, compression, counter)
            # What a part begins with says nothing of the file.
            return (
                seen
                if seen.problem or file.start
                else _seen_as_a_whole(file, source, seen, counter.suspicion())
            )
    except OSError as error:
        return unreadable_file(error)


def scan_record(body: bytes) -> FileScan | None:
    """The look of a file that is one record on one line, as nearly every song file is; None for any other."""
    if not body.startswith(b"{") or not body.endswith(b"}") or b"\n" in body or unreadable(body):
        return None
    return FileScan(hashlib.sha256(body).hexdigest(), 1, 0, "none", body, plain=True)


def _seen_as_a_whole(file: NewFile, handle: BinaryIO, seen: FileScan, suspicion: str | None) -> FileScan:
    """A file is no log as a whole only if no line of it is a record; else each is validated by itself."""
    handle.seek(0)
    if seen.first_line.rstrip(BLANKS) == b"{":
        if whole := one_object(_unpacked(file, handle).read(LONGEST_RECORD + 1)):
            return seen._replace(first_line=whole[1])
        suspicion = suspicion or "JSON printed over several lines: one object a line is expected"
    if suspicion is None:
        return seen
    handle.seek(0)
    is_log = any(diagnose(bare(line)) is None for line in _lines(_unpacked(file, handle)))
    return seen if is_log else seen._replace(problem=suspicion)


def unreadable_file(error: OSError) -> FileScan:
    """The look of a file that the operating system does not give us."""
    return FileScan("", 0, 0, "none", b"", plain=False, problem=f"cannot be read: {error.strerror}")


def _scan_plain(file: NewFile, handle: BinaryIO, counter: ByteCounter) -> FileScan:
    sha = hashlib.sha256()
    left = file.start
    while left and (chunk := handle.read(min(CHUNK, left))):
        sha.update(chunk)
        left -= len(chunk)
    while chunk := handle.read(CHUNK):
        sha.update(chunk)
        counter.add(chunk)
    counter.finish()
    return FileScan(
        sha.hexdigest(),
        file.lines_before + counter.lines,
        counter.tail,
        "none",
        counter.first_line,
        plain=file.start == 0 and counter.plain,
        tally=counter.tally,
    )


def _scan_packed(handle: BinaryIO, compression: Compression, counter: ByteCounter) -> FileScan:
    sha = hashlib.sha256()
    while chunk := handle.read(CHUNK):
        sha.update(chunk)
    handle.seek(0)
    problem = None
    try:
        lines = unpacked(handle)
        while chunk := lines.read(CHUNK):
            counter.add(chunk)
    except CompressionError as error:
        problem = str(error)
    counter.finish()
    return FileScan(
        sha.hexdigest(), counter.lines, 0, compression, counter.first_line, plain=counter.plain,
        problem=problem, tally=counter.tally,
    )  # fmt: skip


def records(file: NewFile, handle: BinaryIO | None = None) -> Iterator[tuple[int, bytes]]:
    """The records of a file one by one, whatever is in it: (number of its line, its bytes on one line).

    Blank lines are left out, and an object printed over several lines is one record.
    """
    with handle or open_file(file.path) as source:
        lines = _unpacked(file, source)
        if file.size <= LONGEST_RECORD and not file.start:
            body = lines.read(LONGEST_RECORD + 1)
            if whole := one_object(body):
                yield file.lines_before + whole[0], whole[1]
                return
            if len(body) <= LONGEST_RECORD:
                lines = BytesIO(body)
            else:
                source.seek(0)
                lines = _unpacked(file, source)
        for number, raw in enumerate(_lines(lines), start=file.lines_before + 1):
            if _is_cut(raw):
                yield number, raw
            elif line := bare(raw):
                yield number, line


def bare(raw: bytes) -> bytes:
    """A line without the blanks around it, and without the byte order mark of a file that was joined on."""
    return raw.removeprefix(BOM).strip(BLANKS)


def _lines(handle: BinaryIO) -> Iterator[bytes]:
    """Its lines; of one that is longer than any record only the beginning, so that none fills the memory."""
    while line := handle.readline(LONGEST_RECORD + 1):
        yield line
        if _is_cut(line):
            while (rest := handle.readline(CHUNK)) and not rest.endswith(b"\n"):
                pass


def _is_cut(line: bytes) -> bool:
    return len(line) > LONGEST_RECORD and not line.endswith(b"\n")


def key_mark(key: str) -> bytes:
    """How a key stands in a line of a plain file."""
    return f'"{key}":'.encode()


def count_key(file: NewFile, key: str) -> int:
    """How many lines of a plain file have this key."""
    mark, count, held = key_mark(key), 0, b""
    with open_file(file.path) as source:
        lines = _unpacked(file, source)
        while chunk := lines.read(CHUNK):
            text = held + chunk
            count += text.count(mark)
            held = text[-(len(mark) - 1) :]
    return count


def diagnose(line: bytes) -> str | None:
    """Why these bytes are no record at all; None if they are a JSON object, whatever is in it.

    A comma before the last brace, and an Infinity or NaN without quotes, lose nothing and are let pass.
    """
    if problem := unreadable(line):
        return problem
    try:
        value = json.loads(record_text(line))
    except (ValueError, RecursionError):
        return MALFORMED
    return None if isinstance(value, dict) else NO_OBJECT


def _unpacked(file: NewFile, handle: BinaryIO) -> BinaryIO:
    is_plain = compression_of(handle.read(HEAD)) == "none"
    handle.seek(file.start if is_plain else 0)
    return handle if is_plain else unpacked(handle)


def one_object(body: bytes) -> tuple[int, bytes] | None:
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


def unreadable(line: bytes) -> str | None:
    """Why these bytes are no text that a record could be; None if they are."""
    if len(line) > LONGEST_RECORD:
        return TOO_LONG
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return NOT_UTF8
    return None


def record_text(line: bytes) -> str:
    """The text of a record; without a comma before its last brace, which loses nothing."""
    return _LAST_COMMA.sub("}", line.decode("utf-8"))
