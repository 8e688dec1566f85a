"""The JSON text of `extra`, and JSON read without loss: keys given twice, numbers as written."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from sparkify.engines.base import Path
from sparkify.formatting import is_text
from sparkify.source.scan import record_text

SET_ASIDE = "_set_aside"
"""The key in `extra` under which values stand that do not fit their column, each with the reason."""
TWICE = " is given twice"
TOO_FINE = "is finer than a microsecond"
LONGEST_EXTRA = 65_535
DEEPEST = 200
"""How deep lists and objects, with what is around them, may be nested for Python to write them again."""


class Number(str):
    """A number as it stands in the file."""

    __slots__ = ()


class Pairs(list[tuple[str, Any]]):
    """An object, with keys that are given twice."""

    __slots__ = ()


NO_NUMBER = object()
"""NaN, Infinity or -Infinity, without quotes."""
DECODER = json.JSONDecoder(
    parse_float=Number, parse_int=Number, parse_constant=lambda _: NO_NUMBER, object_pairs_hook=Pairs
)


def too_long(extra: str | None) -> str | None:
    """Why this `extra` cannot be kept; None if it can."""
    if extra is None or len(extra.encode()) <= LONGEST_EXTRA:
        return None
    return f"the values that no column takes are longer than {LONGEST_EXTRA:,} bytes"


def unpack_extra(extra: str) -> dict[str, Any]:
    """What an `extra` holds, numbers as the text that stood in the file.

    The key `_set_aside` leads to a list of `{"key", "value", "reason"}`.
    """
    return dict(DECODER.decode(extra))


def misfits_in(extra: str) -> list[str]:
    """Why each value in an `extra` is not in its column; one that lost only its last digits fits it."""
    reasons = [entry["reason"] for entry in map(dict, unpack_extra(extra).get(SET_ASIDE, ()))]
    return [reason for reason in reasons if not reason.endswith(TOO_FINE)]


def count_extra(extra: str) -> int:
    """How many values an `extra` holds."""
    held = unpack_extra(extra)
    return len(held.keys() - {SET_ASIDE}) + len(held.get(SET_ASIDE, ()))


def pack_extra(values: Mapping[str, Any]) -> str | None:
    """The `extra` that holds these; None for nothing."""
    return dump(values) if values else None


def decoded(line: bytes) -> Any:
    return DECODER.decode(record_text(line))


def raw_text(value: Any) -> str:
    """A value of an `extra` as a raw table holds it."""
    return value if isinstance(value, str) else dump(value)


def make_extra(rest: Mapping[str, Any], aside: Collection[tuple[str, Any, str]]) -> str | None:
    if not (rest or aside):
        return None
    entries = [{"key": key, "value": value, "reason": why} for key, value, why in aside]
    return dump({**rest, **({SET_ASIDE: entries} if entries else {})})


class TooDeepError(ValueError):
    """Lists and objects lie in one another too deep."""


def dump(value: Any, depth: int = 0) -> str:
    """JSON, numbers as they stood in the file."""
    if depth > DEEPEST:
        raise TooDeepError
    below = depth + 1
    if isinstance(value, Number):
        return str.__str__(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=not is_text(value))
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{dump(key)}:{dump(held, below)}" for key, held in value) + "}"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{dump(key)}:{dump(held, below)}" for key, held in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(dump(held, below) for held in value) + "]"
    return "null" if value is NO_NUMBER else json.dumps(value)


def label(path: Path) -> str:
    """A path as one says it.

    >>> label(("user", "id")), label(("tags", 0))
    ('user.id', 'tags.0')
    """
    return ".".join(map(str, path))
