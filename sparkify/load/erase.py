"""Whose record a rejected text is, and what is left of it where its listener is forgotten.

A line that is no record may hold anybody's name. So where somebody is forgotten, the text of a reject is
kept only if it names its listener, and that is somebody else.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sparkify.engines.base import Path, Paths
from sparkify.engines.extra import DECODER, Pairs, label
from sparkify.engines.record import default_paths
from sparkify.ledger.rejects import Reject, decoded
from sparkify.source.file import Dataset
from sparkify.sql.schema import LISTENER, table

ERASED = "erased"
LONGEST_ID = 19
"""Digits of a BIGINT."""
_NUMBER = re.compile(r"[-+]?\d{1,400}(\.\d{0,400})?([eE][-+]?\d{1,4})?", re.ASCII)


def erase(
    rejects: Sequence[Reject], forgotten: Collection[int], dataset: Dataset, paths: Paths
) -> list[Reject]:
    """The rejects, without the text of those that may be of somebody forgotten."""
    return [
        replace(one, encoding=ERASED, raw_text=None, reason=_bare(one))
        if must_erase(one, forgotten, dataset, paths)
        else one
        for one in rejects
    ]


def must_erase(reject: Reject, forgotten: Collection[int], dataset: Dataset, paths: Paths) -> bool:
    """Whether this text is, or may be, of somebody forgotten; `paths` are those of the feed's events."""
    if not forgotten or reject.raw_text is None:
        return False
    named = listeners_of(decoded(reject.encoding, reject.raw_text), dataset, paths)
    return named is None or not named.isdisjoint(forgotten)


def listeners_of(line: bytes, dataset: Dataset = "events", paths: Paths | None = None) -> set[int] | None:
    """Whom this text is of, nobody for a visit without a login; None where it does not say.

    Only a whole record says it: in one that was cut off, or written into another, a name may be anybody's.
    Where the feed has paths of its own, the app's key is asked too: it may be of an earlier feed.

    >>> listeners_of(b'{"userId": "15"}'), listeners_of(b'{"userId": ""}'), listeners_of(b'{"firstNa')
    ({15}, set(), None)
    >>> listeners_of(b'{"userId": 1.5e1, "userId": "16"}') == {15, 16}
    True
    """
    try:
        record = DECODER.decode(line.decode())
    except (ValueError, RecursionError):
        record = None
    paths, personal = paths or default_paths("events"), personal_keys(paths)
    if not isinstance(record, Pairs):
        is_song = dataset == "songs" and b'"song_id"' in line and b"\\u" not in line
        return set() if is_song and not any(f'"{key}"'.encode() in line for key in personal) else None
    named = values_at(record, paths[LISTENER])
    if not named:
        keys = {key for key, _ in record}
        return set() if dataset == "songs" and "song_id" in keys and keys.isdisjoint(personal) else None
    named += values_at(record, default_paths("events")[LISTENER])
    found = [listener_named(value) for value in named if value not in ("", None)]
    return None if None in found else {one for one in found if one is not None}


def listener_named(value: object) -> int | None:
    """The listener whom a value names, a number or its text; None if it is none.

    >>> listener_named("77.0"), listener_named("9007199254740993"), listener_named("Lily")
    (77, 9007199254740993, None)
    """
    text = str(value).strip()
    if not isinstance(value, str | int | float) or not _NUMBER.fullmatch(text):
        return None
    number = Decimal(text)
    if number and number.adjusted() > LONGEST_ID:
        return None
    return int(number) if number == number.to_integral_value() else None


def listener_keys(paths: Paths) -> dict[str, Path]:
    """Under which keys a listener's number is set aside, by the feed's path and by the app's: with the rest
    of the path, where an object was set aside whole."""
    return {
        label(path[:steps]): path[steps:]
        for path in (paths[LISTENER], default_paths("events")[LISTENER])
        for steps in range(1, len(path) + 1)
    }


def personal_keys(paths: Paths | None = None) -> frozenset[str]:
    """What says something of a listener is called, as the app writes it and as the feed does; with the
    first step of a path, under which the rest lies."""
    found = [
        each[name]
        for each in (default_paths("events"), paths or {})
        for name in table("stg_events").personal
        if name in each
    ]
    return frozenset(name for path in found for name in (label(path), str(path[0])))


def values_at(value: Any, path: Path) -> list[Any]:
    """All values at a path, as an object may have a key twice."""
    if not path:
        return [value]
    step, *rest = path
    if isinstance(step, int):
        below = value[step : step + 1] if type(value) is list else []
    else:
        below = [held for key, held in value if key == step] if isinstance(value, Pairs) else []
    return [found for one in below for found in values_at(one, tuple(rest))]


def _bare(reject: Reject) -> str:
    """The reason, without the hash of a text that was cut."""
    return reject.reason.partition(" (")[0] if reject.encoding == "head" else reject.reason
