"""Compressed files, told by their first bytes and unpacked as streams.

A file's name says how it was meant, its bytes say how it is: only they are asked. One reader serves gzip,
zstd and bzip2, and it is stricter than Python's own, whose `bz2` drops what follows the last stream without
a word. A file that is cut off, damaged, or followed by bytes of another kind raises CompressionError, so that
it never passes for a shorter good one.

What follows the last member is treated as the reference tools treat it, except that nothing is ignored
silently: zeros after gzip and bzip2 are padding and are skipped; anything else is an error, since it may be
records. (`gzip` and `bzip2` warn of it and go on; `zstd` refuses it, zeros too.)
"""

import bz2
import io
import sys
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol, cast

if sys.version_info < (3, 14):
    from backports.zstd import ZstdDecompressor, ZstdError
else:
    from compression.zstd import ZstdDecompressor, ZstdError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Compression = Literal["none", "gzip", "zstd", "bzip2"]
SUFFIXES: Mapping[str, Compression] = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd", ".bz2": "bzip2"}
"""How names of compressed files end."""
HEAD = 4
"""As many first bytes show the compression of a file."""
CHUNK = 256 << 10
"""Compressed bytes that are read at once."""
BUFFER = 1 << 20
"""Unpacked bytes that are held at once."""
_ZSTD_FRAME = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = tuple(bytes([first]) + b"\x2a\x4d\x18" for first in range(0x50, 0x60))
"""Frames of zstd that hold no content; tools that pack in parallel write them first."""
_MAGIC: Mapping[Compression, tuple[bytes, ...]] = {
    "gzip": (b"\x1f\x8b",),
    "zstd": (_ZSTD_FRAME, *_SKIPPABLE),
    "bzip2": tuple(b"BZh%d" % level for level in range(1, 10)),
}
_PADDED = frozenset({"gzip", "bzip2"})


def is_packed(uri: str) -> bool:
    """Whether the name of a file says that it is compressed."""
    return uri.lower().endswith(tuple(SUFFIXES))


class CompressionError(Exception):
    """A compressed file is cut off or damaged; the text is the reason, on one line."""


def compression_of(head: bytes) -> Compression:
    """How a file with these first bytes, `HEAD` or more, is compressed.

    >>> compression_of(b'{"ts": 1}'), compression_of(b"\\x1f\\x8b\\x08\\x00")
    ('none', 'gzip')
    """
    return next((name for name, magic in _MAGIC.items() if head.startswith(magic)), "none")


def unpacked(handle: BinaryIO) -> BinaryIO:
    """The content of a file from where `handle` stands; the handle itself if it is not compressed.

    `handle` must be seekable, and stays open. Reading raises CompressionError: what was read of the file
    until then must not be used.
    """
    start = handle.tell()
    head = b""
    while len(head) < HEAD and (more := handle.read(HEAD - len(head))):
        head += more
    compression = compression_of(head)
    handle.seek(start)
    if compression == "none":
        return handle
    # BufferedReader reads like any other binary file; typeshed gives it a class of its own.
    return cast("BinaryIO", io.BufferedReader(_Unpacked(handle, compression), BUFFER))


class _Decompressor(Protocol):
    """One member, stream or frame."""

    def decompress(self, data: bytes, max_length: int) -> bytes: ...

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...


class _GzipMember:
    """zlib's decompressor with the methods that those of bz2 and zstd have."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=31)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data


_DECOMPRESSORS: Mapping[Compression, Callable[[], _Decompressor]] = {
    "gzip": _GzipMember,
    "zstd": ZstdDecompressor,
    "bzip2": bz2.BZ2Decompressor,
}


class _Unpacked(io.RawIOBase):
    """The content of all members of a compressed file, one after the other."""

    def __init__(self, handle: BinaryIO, compression: Compression) -> None:
        self._handle = handle
        self._compression = compression
        self._member: _Decompressor | None = None
        self._ahead = b""
        """Compressed bytes that no member has taken yet."""
        self._padding = b""
        """What may stand between members and after the last one."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        while member := self._member or self._next_member():
            data = b""
            if member.needs_input:
                data, self._ahead = self._ahead or self._read(), b""
                if not data:
                    raise CompressionError(f"truncated {self._compression}")
            try:
                body = member.decompress(data, len(view))
            except (OSError, ValueError, zlib.error, ZstdError) as error:
                raise CompressionError(f"damaged {self._compression}: {_reason(error)}") from error
            if member.eof:
                self._member = None
                self._padding = b"\0" if self._compression in _PADDED else b""
                self._ahead = member.unused_data.lstrip(self._padding)
            if body:
                view[: len(body)] = body
                return len(body)
        return 0

    def _next_member(self) -> _Decompressor | None:
        """The member that follows, None at the end of the file. Raises CompressionError for other bytes."""
        while len(self._ahead) < HEAD and (more := self._read()):
            self._ahead = (self._ahead + more).lstrip(self._padding)
        if not self._ahead:
            return None
        known = _MAGIC[self._compression]
        if not (self._ahead.startswith(known) or any(magic.startswith(self._ahead) for magic in known)):
            raise CompressionError(f"damaged {self._compression}: other bytes follow its end")
        self._member = _DECOMPRESSORS[self._compression]()
        return self._member

    def _read(self) -> bytes:
        return self._handle.read(CHUNK)


def _reason(error: Exception) -> str:
    """What a library says, on one line, without what it was doing."""
    text = " ".join(str(error).split())
    return text.partition("decompressing data: ")[2] or text or type(error).__name__
