"""Whose record a rejected text is, and what is left of it where its listener is forgotten.

A line that is no record may hold anybody's name. So where somebody is forgotten, the text of a reject is
kept only if it names its listener, and that is somebody else.
"""

import contextlib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from sparkify.ledger.rejects import Reject, decoded
from sparkify.sql.schema import table

ERASED = "erased"
_NAMED = re.compile(rb'"userId"\s*:\s*(?:"(\d*)"|(\d+)|null)')


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

    >>> listeners_of(b'{"userId": "15"}'), listeners_of(b'{"userId": ""}'), listeners_of(b'{"firstNa')
    ({15}, set(), None)
    >>> listeners_of(b'{"userId": "15", "userId": "16"}') == {15, 16}
    True
    """
    if b'"song_id"' in line and not any(key in line for key in _personal_keys()):
        return set()  # a song, which is of nobody
    value, keys = None, line.count(b'"userId"')
    if keys < 2:  # of a key that comes twice, one reader takes the first and another the last
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(line)
    if value is None:
        named = _NAMED.findall(line)
        if not named or max(keys, line.count(b'"firstName"')) > len(named):
            return None
        return {int(number) for pair in named for number in pair if number}
    user = value.get("userId", ()) if isinstance(value, dict) else ()
    if user in ("", None):
        return set()
    return {int(user)} if isinstance(user, str | int) and re.fullmatch(r"\d+", str(user)) else None


def _personal_keys() -> list[bytes]:
    events = table("stg_events")
    return [f'"{one.key}"'.encode() for one in events.reported if one.name in events.personal]


def _bare(reject: Reject) -> str:
    """The reason, without the hash of a text that was cut."""
    return reject.reason.partition(" (")[0] if reject.encoding == "head" else reject.reason
