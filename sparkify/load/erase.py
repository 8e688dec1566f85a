"""Whose record a rejected text is, and what is left of it where its listener is forgotten.

A line that is no record may hold anybody's name. So where somebody is forgotten, the text of a reject is
kept only if it names its listener, and that is somebody else.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal

from sparkify.engines.extra import DECODER, Pairs
from sparkify.ledger.rejects import Reject, decoded
from sparkify.sql.schema import LISTENER, table

ERASED = "erased"
LISTENER_KEY = next(one.key for one in table("stg_events").columns if one.name == LISTENER)
LONGEST_ID = 19
"""Digits of a BIGINT."""
_NUMBER = re.compile(r"[-+]?\d{1,400}(\.\d{0,400})?([eE][-+]?\d{1,4})?", re.ASCII)


def erase(rejects: Sequence[Reject], forgotten: Collection[int]) -> list[Reject]:
    """The rejects, without the text of those that may be of somebody forgotten."""
    return [
        replace(one, encoding=ERASED, raw_text=None, reason=_bare(one)) if must_erase(one, forgotten) else one
        for one in rejects
    ]


def must_erase(reject: Reject, forgotten: Collection[int]) -> bool:
    """Whether this text is, or may be, of somebody forgotten."""
    if not forgotten or reject.raw_text is None:
        return False
    named = listeners(reject)
    return named is None or not named.isdisjoint(forgotten)


def listeners(reject: Reject) -> set[int] | None:
    """Whom a reject is of, as far as its text says."""
    return listeners_of(decoded(reject.encoding, reject.raw_text)) if reject.raw_text else None


def listeners_of(line: bytes) -> set[int] | None:
    """Whom this text is of, nobody for a visit without a login; None where it does not say.

    Only a whole record says it: in one that was cut off, or written into another, a name may be anybody's.

    >>> listeners_of(b'{"userId": "15"}'), listeners_of(b'{"userId": ""}'), listeners_of(b'{"firstNa')
    ({15}, set(), None)
    >>> listeners_of(b'{"userId": 1.5e1, "userId": "16"}') == {15, 16}
    True
    """
    try:
        record = DECODER.decode(line.decode())
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, Pairs):
        is_song = b'"song_id"' in line and b"\\u" not in line
        return set() if is_song and not any(f'"{key}"'.encode() in line for key in personal_keys()) else None
    named = [value for key, value in record if key == LISTENER_KEY]
    if not named:
        keys = {key for key, _ in record}
        return set() if "song_id" in keys and keys.isdisjoint(personal_keys()) else None
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


def personal_keys() -> frozenset[str]:
    """The app's names for what says something of a listener."""
    events = table("stg_events")
    return frozenset(one.key for one in events.reported if one.name in events.personal)


def _bare(reject: Reject) -> str:
    """The reason, without the hash of a text that was cut."""
    return reject.reason.partition(" (")[0] if reject.encoding == "head" else reject.reason
