"""Everything that can go wrong and is not a bug, with the exit code each kind ends in.

    SparkifyError            1  failed or refused, nothing published
    ├── ConfigError          2  a setting, a flag or a path is wrong
    ├── LoadError            1  the load was refused: too many rejects, a changed file
    ├── CheckError           1  a check found wrong rows
    ├── QueryError           1  the database refused a statement
    │   └── RightsError      1  the database user may not do what a statement does
    ├── WarehouseError       1  the warehouse cannot be used: newer version, disk full, damaged
    ├── BusyError            5  another process holds the warehouse
    ├── RemoteError          6  a remote service is unreachable or refuses access
    │   └── RetryError       6  a transaction ended through no fault of its own, and may be run again
    ├── OutputError          1  stdout cannot be written
    ├── ProvisionError       1  a cluster cannot be launched, configured or deleted
    └── RehearsalError       1  a step of a rehearsal failed, or the engines differ

A message is one line: what failed, where, and what to do next. A bug is not in this tree and keeps
its traceback.
"""

import re
from typing import ClassVar


class SparkifyError(Exception):
    """The base of all errors that a user is told about in one line."""

    exit_code: ClassVar[int] = 1
    brief: str = ""
    """What may be kept of the message, where that may hold values of the data."""


class ConfigError(SparkifyError):
    """A setting, a flag or a path is wrong."""

    exit_code = 2


class LoadError(SparkifyError):
    """The load was refused and nothing was published."""


class CheckError(SparkifyError):
    """A check found wrong rows."""

    def __init__(self, message: str, brief: str = "") -> None:
        """`brief` names the checks without the rows: what may be kept of it."""
        super().__init__(message)
        self.brief = brief or "a check found wrong rows."


class QueryError(SparkifyError):
    """The database refused a statement."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        kind = re.match(r"[A-Z][\w ]* Error(?=:)", message)
        self.brief = f"{kind[0] if kind else 'the database refused a statement'}. What it said is not kept."


class RightsError(QueryError):
    """The database user may not do what a statement does."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.brief = ""  # it names the table, and no value


class WarehouseError(SparkifyError):
    """The warehouse cannot be used as it is."""


class BusyError(SparkifyError):
    """Another process holds the warehouse."""

    exit_code = 5


class RemoteError(SparkifyError):
    """A remote service is unreachable or refuses access."""

    exit_code = 6


class RetryError(RemoteError):
    """A transaction was ended through no fault of its own; nothing of it stands, it may be run again."""

    def __init__(self, message: str, *, at_once: bool = False) -> None:
        """`at_once` says that what was in the way is known, and will not be met again."""
        super().__init__(message)
        self.at_once = at_once


class OutputError(SparkifyError):
    """What was to be printed cannot be written; what was done before stands."""


class ProvisionError(SparkifyError):
    """A cluster cannot be launched, configured or deleted."""


class RehearsalError(SparkifyError):
    """A step of a rehearsal failed, or the engines differ."""


PUBLISHED_WITH_REJECTS = 3
INTERRUPTED = 130
