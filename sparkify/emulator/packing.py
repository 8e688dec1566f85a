"""Compressed files, unpacked as COPY does it (AWS: "File compression parameters").

The option is of the whole COPY: it says that every file is of this one format. LZOP, the fourth that AWS
documents, is not imitated.
"""

import bz2
import gzip
import sys
import zlib
from collections.abc import Mapping

from sparkify.emulator.refusals import Refused

PACKED = ("BZIP2", "GZIP", "ZSTD")
"""COPY's options for compressed files."""


def unpack(name: str, body: bytes, options: Mapping[str, str]) -> bytes:
    """A file's content as these options of a COPY say. Raises Refused for one that is damaged."""
    how = next((option for option in PACKED if option in options), None)
    try:
        if how == "GZIP":
            return gzip.decompress(body)
        if how == "BZIP2":
            return bz2.decompress(body)
        if how == "ZSTD":
            return _unpack_zstd(body)
    except (OSError, EOFError, ValueError, zlib.error) as wrong:
        raise Refused(f"Failed to decompress {name}: {wrong}", "XX000") from wrong
    return body


def _unpack_zstd(body: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    try:
        return zstd.decompress(body) if body else body
    except zstd.ZstdError as wrong:
        raise ValueError(wrong) from wrong
