"""Why something that lies in the source is not loaded: the reasons, by name and by kind."""

import os
import re
from typing import NamedTuple

from sparkify.source.file import Dataset

HIDDEN = "hidden or temporary"
NOT_JSON = "not a JSON file"
LINKED = "linked folder, not followed"
LEADS_OUT = "a link that leads out of the source, not followed"
SPECIAL = "not a regular file"
ELSEWHERE = "beside song_data/ and log_data/"
ARCHIVE = "an archive, which is not unpacked"
BESIDE = "documentation, settings, a report or a warehouse"
UNLISTED = "cannot be listed, so what else lies there is not known"
_EXPECTED = frozenset({HIDDEN, BESIDE, UNLISTED})
"""Reasons for which nobody needs to be warned at each load."""
_BESIDE = re.compile(
    r"(readme|license|changelog)\b.*|dwg\.cfg|log_json_path\.json|truth\.json|.*\.duckdb(\..*)?|.*\.(html|md|sql|svg)",
    re.I,
)
_UNREAD = re.compile(r".*\.(?:json|jsonl|ndjson)\.(xz|lz4|lzma|lzo|br|snappy|sz|z|zz|zip|7z|rar|tar)", re.I)
_ARCHIVE = re.compile(r".*\.(?:zip|7z|rar|tar|tgz|tbz2?|txz|tar\.\w+)", re.I)
MARKER = re.compile(r"/$|_\$folder\$$")
"""Empty objects with such keys show folders where there are none: a console and Hadoop make them."""


class PassedOver(NamedTuple):
    """A file, or a folder with all that is in it, that lies in the source and is not loaded."""

    uri: str
    reason: str
    dataset: Dataset | None = None
    """None for what lies beside the folders of both."""

    @property
    def is_expected(self) -> bool:
        """Whether every source may hold such, so that only `sparkify plan` speaks of it."""
        return self.reason in _EXPECTED


def is_hidden(name: str) -> bool:
    """Whether a part of a path marks all below it as no data, as in Spark, Hadoop and Arrow.

    Spark's `HadoopFSUtils.shouldFilterOutPathName`: what begins with `.` or with `_`, unless that is a
    partition (`_year=2018`), and what a copy in progress is called. It lets pass `_metadata`, which only
    Parquet has. Arrow's `selector_ignore_prefixes` are `.` and `_`; Hadoop's `FileInputFormat` has the same.

    >>> [is_hidden(name) for name in ("_temporary", ".Trash-1000", "_year=2018", "a.json", "a._COPYING_")]
    [True, True, False, False, True]
    """
    return (
        (name.startswith(".") and name not in (".", ".."))
        or (name.startswith("_") and "=" not in name)
        or name.endswith("._COPYING_")
    )


def why_not(name: str) -> str:
    """Why a regular file of this name is not loaded."""
    if is_hidden(name):
        return HIDDEN
    if _BESIDE.fullmatch(name):
        return BESIDE
    if packed := _UNREAD.fullmatch(name):
        return f"compressed as {packed[1].lower()}, which is not read"
    return ARCHIVE if _ARCHIVE.fullmatch(name) else NOT_JSON


def why_special(entry: "os.DirEntry[str]") -> str | None:
    """Why something that is no folder is not loaded, whatever its name; None for a regular file."""
    try:
        if entry.is_dir():
            return LINKED
        return None if entry.is_file() else SPECIAL
    except OSError:  # a link that leads to itself, or to where we may not look
        return SPECIAL


def why_beside(name: str, is_folder: bool) -> str:
    if is_hidden(name):
        return HIDDEN
    if _BESIDE.fullmatch(name) or MARKER.search(name):
        return BESIDE
    return "not a folder" if not is_folder and name in ("song_data", "log_data") else ELSEWHERE
