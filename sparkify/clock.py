"""The time, as the warehouse keeps it: in UTC, without a zone."""

import datetime as dt

EVER = (dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31))
"""The period of a question about all time: from the first, and before the second."""


def now() -> dt.datetime:
    """Now, to the microsecond."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def now_in_seconds() -> dt.datetime:
    """Now, to the second."""
    return now().replace(microsecond=0)
