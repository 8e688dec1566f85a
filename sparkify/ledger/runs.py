"""The runs that were published: what each did, and what it warned of."""

import datetime as dt
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

import sparkify
from sparkify.engines.base import Engine, Reader
from sparkify.errors import ConfigError
from sparkify.formatting import cut

LONGEST = 4000
"""Bytes of a warning that are kept."""

WRITTEN_LAST = {"etl_run", "etl_warning", "etl_attempt", "etl_seal", "etl_lock", "load_runs"}
"""What a run writes at its end."""


class Run(NamedTuple):
    """A run, as `etl_run` holds it when it is published."""

    run_id: int
    command: str
    started_at: dt.datetime
    seconds: float
    files: int
    records_read: int
    loaded: int
    duplicate: int
    conflict: int
    rejected: int
    values_aside: int | None
    plays: int
    plays_song: int
    plays_artist: int


def writing(engine: Engine) -> AbstractContextManager[None]:
    """A transaction in which nobody else writes to the warehouse."""
    return engine.transaction(lock="etl_lock")


def add_run(engine: Engine, run: Run, warnings: Sequence[tuple[str, str]]) -> None:
    """Write down a run, with the kind and the message of each warning."""
    engine.insert("etl_run", (*Run._fields, "program"), [(*run, sparkify.__version__)])
    rows = [(run.run_id, kind, cut(message, LONGEST)) for kind, message in warnings]
    engine.insert("etl_warning", ("run_id", "kind", "message"), rows)


def is_published(reader: Reader, run: Run) -> bool:
    """Whether this run stands in the ledger: the answer to its commit may have been lost."""
    found = reader.query(
        "SELECT records_read, loaded, seconds FROM etl_run WHERE run_id = :run", {"run": run.run_id}
    )
    return found.rows == [(run.records_read, run.loaded, run.seconds)]


def last_run(reader: Reader) -> int:
    """The number of the latest run; 0 if there is none."""
    return int(reader.query("SELECT COALESCE(MAX(run_id), 0) AS run_id FROM etl_run").scalar())


def last_start(reader: Reader) -> dt.datetime | None:
    """When the latest run began, in UTC."""
    found: dt.datetime | None = reader.query("SELECT MAX(started_at) AS latest FROM etl_run").scalar()
    return found


def require_run(reader: Reader, run_id: int, table: str = "etl_run") -> tuple[str, int | None]:
    """A run's command, and the run that undid it, if one did. ConfigError if there is no such run.

    Readers see runs in `load_runs`.
    """
    found = reader.query(f"SELECT command, undone_in FROM {table} WHERE run_id = :run", {"run": run_id}).rows
    if not found:
        raise ConfigError(f"there is no run {run_id}. `sparkify runs` lists them.")
    return found[0][0], found[0][1]
