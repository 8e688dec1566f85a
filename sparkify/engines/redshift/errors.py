"""What a cluster's errors mean for us, and how they are told in one line.

The driver hands on the server's fields as they came; its own errors are texts.
"""

import re
from typing import NamedTuple

from sparkify.errors import QueryError, RetryError, RightsError

DENIED = "42501"
"""SQLSTATE of a statement that the user has no right to."""
CANCELLED = "57014"
"""SQLSTATE of a statement that `statement_timeout` ended."""


class Transient(NamedTuple):
    """An error that ends a transaction through no fault of its own: SQLSTATE (empty: any), and text."""

    state: str
    text: str
    """A pattern at the beginning of the message or of its detail; empty for any message."""


TRANSIENT = (
    # PostgreSQL's appendix A: serialization_failure, deadlock_detected, admin_shutdown (as a cluster pauses).
    Transient("40001", ""),
    Transient("40P01", ""),
    Transient("57P01", ""),
    # AWS, "Troubleshooting serializable isolation errors": a number, and the sentence as its detail.
    Transient("", r"1023\b"),
    Transient("", r"Serializable isolation violation"),
    Transient("", r"1018\b"),
    # dbt-labs/dbt-core#825 and #1305.
    Transient("", r"table \d+ dropped by concurrent transaction"),
    # dbt-labs/dbt-adapters#626 and #1873, trinodb/trino#27537. XX000 is internal_error, the state of many
    # errors that no retry repairs; so the text decides.
    Transient("XX000", r"could not complete because of conflict with concurrent transaction"),
    # dbt-labs/dbt-adapters#617 and #1014: the catalogue was read while another transaction dropped a table.
    Transient("XX000", r"could not open relation with OID \d"),
)
"""Errors after which the whole transaction is run again, each with who reports it."""


def translated(error: Exception, sql: str) -> QueryError | RetryError:
    """A server's error as one of ours."""
    what = said(error)
    if is_transient(error):
        return RetryError(f"another transaction was in the way: {what}. Nothing was published; run it again.")
    start = sql.strip().split("\n", maxsplit=1)[0][:80]
    if state(error) == DENIED:
        return RightsError(
            f"{what} ({start}). The database user has no right to it; docs/connecting.md says what readers "
            "see."
        )
    return QueryError(f"{what} ({start})")


def is_transient(error: BaseException) -> bool:
    """Whether the transaction that this error ended may be run again."""
    texts = [text for key in ("M", "D") if (text := _field(error, key))]
    return any(
        one.state in ("", state(error)) and (not one.text or any(re.match(one.text, text) for text in texts))
        for one in TRANSIENT
    )


def state(error: BaseException | None) -> str:
    """The SQLSTATE of a server's error; nothing for any other."""
    return _field(error, "C")


def said(error: Exception) -> str:
    """What the server said, in one line, with the SQLSTATE."""
    found = error.args[0] if error.args else ""
    if isinstance(found, dict):
        text = " ".join(str(found[key]) for key in ("M", "D") if found.get(key))
        return f"{' '.join(text.split())} [{found.get('C', '')}]"
    cause = f": {error.args[1]}" if len(error.args) > 1 else ""
    return " ".join(f"{found}{cause}".split()) or type(error).__name__


def _field(error: BaseException | None, key: str) -> str:
    found = error.args[0] if error is not None and error.args else None
    return str(found.get(key) or "") if isinstance(found, dict) else ""
