"""Beside a reject, the value that was wrong: its reason names the key, and its text has the value."""

import base64
import json

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
    >>> wrong_value("malformed JSON", "text", "{broken") is None
    True
    """
    if raw_text is None or encoding not in ("text", "base64"):
        return None
    try:
        record = json.loads(raw_text if encoding == "text" else base64.b64decode(raw_text))
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    key = next((key for key in record if reason.startswith(f"{key} ")), None)
    return None if key is None else json.dumps(record[key], ensure_ascii=False)
