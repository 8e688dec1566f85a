"""What was sent to Redshift and AWS, and what came back, for the comparison of two runs.

Nothing is recorded unless SPARKIFY_STATEMENT_LOG names a file. It holds no value as it stands: literals are
left out of statements and messages, and of an answer there are only the names, the types and a digest of each
column. What changes from run to run (buckets, identifiers, the time of day) is left out of the digest. A
digest tells a short value to whoever guesses it, so the file is for this machine and its user alone.
"""

import datetime as dt
import hashlib
import json
import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sparkify.errors import ConfigError

if TYPE_CHECKING:
    import boto3

VARIABLE = "SPARKIFY_STATEMENT_LOG"
NOW = dt.timedelta(days=1)
"""A time no further from now than this is taken for the run's own."""
_LEXEMES = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|(?P<type>\b(?:N?VARCHAR|CHAR|NUMERIC|DECIMAL) *\([\d ,]+\))|(?P<name>\"[^\"]*\"|[^\W\d][\w$]*)"
    r"|(?P<text>'(?:[^'\\]|''|\\.)*')|(?P<number>\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)|(?P<blank>\s+)",
    re.DOTALL | re.IGNORECASE,
)
_OWN = re.compile(r"s3://[^/\s'\"]+|(?<=/)[0-9a-f]{32}(?=/)")


def answered(sql: str, cursor: Any) -> None:
    """Record a statement that Redshift answered."""
    if VARIABLE not in os.environ:
        return
    rows = list(getattr(cursor, "_cached_rows", ()))  # fetching them here would take them from the caller
    columns = [
        [_text(column[0]), column[1], _digest(row[at] for row in rows)]
        for at, column in enumerate(cursor.description or ())
    ]
    count = len(rows) if columns else cursor.rowcount
    _write({"sql": shape(sql), "rows": count, "columns": columns})


def refused(sql: str, error: Exception) -> None:
    """Record a statement that Redshift refused."""
    if VARIABLE not in os.environ:
        return
    found = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    said = found.get("M", type(error).__name__)
    _write({"sql": shape(sql), "state": found.get("C", ""), "error": without_values(said, sql)})


def watch(session: "boto3.Session") -> None:
    """Record every call of the session's clients."""
    if VARIABLE in os.environ:
        session.events.register("after-call", _called)


def _called(model: Any, parsed: Any, **_: Any) -> None:
    code = parsed.get("Error", {}).get("Code", "")
    _write({"call": f"{model.service_model.service_name}.{model.name}", "code": code})


def shape(sql: str) -> str:
    """A statement without its values; the width of a type is none.

    >>> shape("SELECT a -- why\\n  FROM t WHERE b = 'x' AND c IN (1, 2)")
    'SELECT a FROM t WHERE b = ? AND c IN (?)'
    >>> shape("INSERT INTO t (a) VALUES (1), (NULL)")
    'INSERT INTO t (a) VALUES (?)'
    >>> shape("CREATE TABLE t (a VARCHAR(9) DEFAULT 'x')")
    'CREATE TABLE t (a VARCHAR(9) DEFAULT ?)'
    """

    def said(found: "re.Match[str]") -> str:
        kind = found.lastgroup
        if kind in ("comment", "blank"):
            return " "
        return "?" if kind in ("text", "number") else found[0]

    text = " ".join(_LEXEMES.sub(said, sql).split())
    text = re.sub(r"^(INSERT INTO .*? VALUES) .*$", r"\1 (?)", text, flags=re.IGNORECASE)
    return re.sub(r"\bIN \(\?(?:, \?)+\)", "IN (?)", text, flags=re.IGNORECASE)


def without_values(said: str, sql: str) -> str:
    """A message without what it quotes, unless the statement's own words have it.

    >>> without_values('column "b" of "Lily" is 17', "SELECT b FROM t")
    'column "b" of ? is ?'
    """
    own = set(re.findall(r"[\w$]+", shape(sql).lower()))

    def quoted(found: "re.Match[str]") -> str:
        return found[0] if set(re.findall(r"[\w$]+", found[0].lower())) <= own else "?"

    text = re.sub(r"\b(?:s3://|arn:)[^\s,]+", "?", said)
    text = re.sub(r"'[^']*'|\"[^\"]*\"", quoted, text)
    return " ".join(re.sub(r"(?<![\w$])\d[\d.]*(?![\w$])", quoted, text).split())


def _digest(values: Iterable[Any]) -> str:
    """Of a column's values in whatever order they came."""
    return hashlib.sha256("\n".join(sorted(map(_said, values))).encode()).hexdigest()[:16]


def _said(value: Any) -> str:
    if isinstance(value, dt.datetime):
        now = dt.datetime.now(dt.UTC)
        moment = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return "now" if abs(moment - now) < NOW else repr(value)
    return _OWN.sub("?", value) if isinstance(value, str) else repr(value)


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _write(entry: dict[str, Any]) -> None:
    file = os.environ[VARIABLE]
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a") as out:
            out.write(json.dumps(entry) + "\n")
    except OSError as error:
        raise ConfigError(f"{VARIABLE}: {file} cannot be written: {error.strerror}.") from error
