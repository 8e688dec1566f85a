"""The text of records that are rejected, or of which values do not fit: found in their files when asked."""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from sparkify.engines.extra import too_long
from sparkify.engines.record import RecordReader
from sparkify.errors import RetryError
from sparkify.ledger.rejects import KEPT, Reject, keep
from sparkify.source.file import NewFile
from sparkify.source.scan import diagnose, records

AT_ONCE = 32 << 20
"""Bytes of rejected text that are held before they are written."""


class Found(NamedTuple):
    """What the text of a file's records tells."""

    rejects: list[Reject]
    extras: list[tuple[int, int, str | None, int, int]]
    """(file_id, record, its `extra`, values that do not fit, 1 if rejected after all) as in `raw_extra`."""


class Lines:
    """The records of files, read on from where the last question ended."""

    def __init__(self, files: Mapping[int, NewFile]) -> None:
        self.files = files
        self._open: tuple[int, int, Iterator[tuple[int, bytes]]] = (-1, 0, iter(()))

    def of(self, file_id: int, wanted: Collection[int]) -> Iterator[tuple[int, bytes]]:
        """Those of these numbers. Raises RetryError if the file ends before, or is gone: it was changed."""
        file, last, seen = self.files[file_id], max(wanted), 0
        known, at, lines = self._open
        if known != file_id or min(wanted) <= at:
            lines = records(file)
        try:
            for record, line in lines:
                if record in wanted:
                    seen += 1
                    yield record, line
                if record >= last:
                    break
        except FileNotFoundError as error:
            raise RetryError(f"{file.uri} was removed while it was read.", at_once=True) from error
        self._open = file_id, last, lines
        if seen < len(wanted):
            raise RetryError(f"{file.uri} is shorter now than when it was read.")


def look_up(
    lines: Lines,
    file_id: int,
    reader: RecordReader,
    invalid: Mapping[int, str],
    misfits: Mapping[int, Mapping[str, str]],
) -> Iterator[Found]:
    """The text of records that are rejected, and the `extra` of those in which values do not fit.

    `invalid` has the reason by line, `misfits` by line and column. What a JSON reader sees as a row without
    values may be no JSON at all: the text tells. It comes in parts of bounded size.
    """
    found, size = Found([], []), 0
    for record, line in lines.of(file_id, invalid.keys() | misfits.keys()):
        size += min(len(line), KEPT)
        if record in invalid:
            why = diagnose(line) or reader.problem(line) or invalid[record]
            found.rejects.append(keep(file_id, record, why, line))
        else:
            extra, aside = reader.misfits(line, misfits[record])
            if problem := too_long(extra):
                found.rejects.append(keep(file_id, record, problem, line))
                found.extras.append((file_id, record, None, 0, 1))
            else:
                found.extras.append((file_id, record, extra, aside, 0))
        if size > AT_ONCE:
            yield found
            found, size = Found([], []), 0
    yield found
