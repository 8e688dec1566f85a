"""DuckDB's errors, said as ours."""

import contextlib
import re
import tempfile
import textwrap
from collections.abc import Iterator

import duckdb

from sparkify.errors import QueryError, SparkifyError, WarehouseError


def first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")


def _sentences(error: Exception) -> str:
    """What DuckDB says up to where it points into the statement, on one line."""
    said = re.split(r"\n+LINE \d+:", str(error))[0]
    return " ".join(said.split())


@contextlib.contextmanager
def translated(doing: str) -> Iterator[None]:
    """DuckDB's errors, said as ours."""
    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except OSError as error:  # of our own scratch files: what a source file does is a reject, not an error
        raise WarehouseError(
            f"{error.strerror} in {tempfile.gettempdir()}: free some space, or set TMPDIR, and run again. "
            "Nothing was published."
        ) from error
    except duckdb.Error as error:
        raise _as_ours(error, doing) from error
    except RuntimeError as error:  # what DuckDB makes of Ctrl-C while a statement runs
        if "interrupt" in str(error).lower():
            raise KeyboardInterrupt from error
        raise


REFUSED = {
    r'statement of type "SELECT" .* in read-only mode': "the warehouse is open to read: what writes within "
    "it is refused.",
    r'statement of type "(\w+)" .* in read-only mode': "the warehouse is open to read: {} is refused.",
    "disabled by configuration": "only the warehouse's own tables can be read, and no file.",
    "configuration has been locked": "no setting can be changed here.",
}
"""What a reader may not do: in DuckDB's words, and in ours."""


def _as_ours(error: duckdb.Error, doing: str) -> SparkifyError:
    if isinstance(error, duckdb.OutOfMemoryException):
        return WarehouseError(
            f"out of memory or disk: {first_line(error)}. Free some, or set [WAREHOUSE] MEMORY."
        )
    # An IOException, or what a commit makes of it.
    if "No space left" in str(error) or "ENOSPC" in str(error):
        return WarehouseError("The disk is full: free some space and run again. Nothing was published.")
    if isinstance(error, duckdb.IOException):
        return WarehouseError(f"{first_line(error)}. Nothing was published.")
    for pattern, ours in REFUSED.items():
        if found := re.search(pattern, str(error)):
            return QueryError(ours.format(*found.groups()))
    statement = " ".join(re.sub(r"/\*.*?\*/|--[^\n]*", "", doing, flags=re.DOTALL).split())
    return QueryError(f"{_sentences(error)} ({textwrap.shorten(statement, 80, placeholder=' ...')})")
