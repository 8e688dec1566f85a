"""Beside a reject, the value that was wrong: its reason names the key, and its text has the value."""

import base64
import json
from typing import Any

from sparkify.engines.base import Result


def with_values(rejects: Result) -> Result:
    """The answer to `rejects` with a column more, `value`, before the text."""
    if "raw_text" not in rejects.columns:  # their text is not shown
        return rejects
    reason, encoding, text = (rejects.columns.index(name) for name in ("reason", "encoding", "raw_text"))
    columns = (*rejects.columns[:encoding], "value", *rejects.columns[encoding:])
    rows = [
        (*row[:encoding], wrong_value(row[reason], row[encoding], row[text]), *row[encoding:])
        for row in rejects.rows
    ]
    return Result(columns, rows)


def wrong_value(reason: str, encoding: str, raw_text: str | None) -> str | None:
    """The value of the key that a reason begins with, as JSON; None where the text does not tell.

    >>> wrong_value("ts is not a number", "text", '{"ts": "soon", "page": "Home"}')
    '"soon"'
    >>> wrong_value("meta.ts is not a moment", "text", '{"meta": {"ts": "soon", "ts": null}}')
    '"soon"'
    >>> wrong_value("malformed JSON", "text", "{broken") is None
    True
    """
    if raw_text is None or encoding not in ("text", "base64"):
        return None
    try:
        record = json.loads(
            raw_text if encoding == "text" else base64.b64decode(raw_text), object_pairs_hook=_last_not_null
        )
    except (ValueError, RecursionError):
        return None
    return _value_at(record, reason)


def _value_at(found: Any, reason: str) -> str | None:
    """A JSONPaths file may name a key of an object, or an item of a list, within the record."""
    inner = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in inner:
        if reason.startswith(f"{key} "):
            return json.dumps(value, ensure_ascii=False)
        if reason.startswith(f"{key}.") and (said := _value_at(value, reason[len(f"{key}.") :])):
            return said
    return None


def _last_not_null(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a key that is given twice, as a load takes it."""
    return {key: None for key, _ in pairs} | {key: value for key, value in pairs if value is not None}
