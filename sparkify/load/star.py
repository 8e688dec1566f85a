"""Staging into the star, and the counts of the ledger that follow from it.

The star is a function of staging, whatever came and went in which order: `models` says which. A load runs the
models for the keys that its records affect; records that are retracted affect keys as new ones do.
"""

import datetime as dt
from dataclasses import dataclass

from sparkify.engines.base import STAGING_TABLE, Engine, Value
from sparkify.ledger.counts import count_files, file_update, reset_counts, retract_counts
from sparkify.ledger.digests import Changes
from sparkify.ledger.files import is_retracted
from sparkify.ledger.state import PAGES_TABLE, write_rules
from sparkify.load.models import (
    MODELS,
    NEW,
    affected_keys,
    all_duplicates,
    duplicates,
    keep_records,
    refresh,
    replace_rows,
    temporary_tables,
)
from sparkify.load.rules import rules_digest
from sparkify.sql import Statement

FIRST, LAST = dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59)


@dataclass(frozen=True)
class RunRange:
    """The runs whose records are at hand, and the time between their first and last play."""

    first_run: int
    last_run: int
    first_time: dt.datetime = FIRST
    last_time: dt.datetime = LAST
    is_everything: bool = False
    """Whether there are no records of earlier runs: then all keys are affected, and none is noted."""

    @property
    def params(self) -> dict[str, Value]:
        return {name: value for name, value in vars(self).items() if name != "is_everything"}


def build_star(engine: Engine, first_run: int, last_run: int, changes: Changes) -> RunRange:
    """Add the records of these runs to the star; to be called inside a transaction.

    Leaves the tables of affected keys, which the checks look at, until `drop_affected`.
    """
    span = _span(engine, first_run, last_run)
    for one in [] if span.is_everything else affected_keys():
        engine.execute(one.text, span.params)
    _refresh(engine, changes, is_everything=span.is_everything)
    if span.is_everything:
        write_rules(engine, rules_digest())
    return span


def build_star_without(engine: Engine, run_id: int, changes: Changes) -> tuple[RunRange, int]:
    """Add the records of this run, and take those of the parts in `retracted` from staging and star.

    Returns what was affected, and how many records were removed from staging. Leaves the tables of affected
    keys, and `file_duplicate` with what earlier files no longer count: `recount_affected` adds what they
    count now.
    """
    span = RunRange(run_id, run_id)
    for one in affected_keys(retracts=True):
        engine.execute(one.text, span.params)
    counted = duplicates(is_everything=False, is_retracting=True)
    engine.execute(
        "CREATE TEMP TABLE file_duplicate AS SELECT d.run_id, d.file_id, -d.duplicates AS duplicates, "
        f"-d.conflicts AS conflicts FROM ({counted}) AS d WHERE d.run_id < :first_run",
        span.params,
    )
    removed = 0
    for dataset, table in STAGING_TABLE.items():
        with changes.of(table, f"SELECT t.* FROM {table} AS t WHERE {is_retracted(dataset)}"):
            removed += engine.execute(f"DELETE FROM {table} WHERE {is_retracted(dataset)}")
    _refresh(engine, changes, is_everything=False, is_retracting=True)
    return span, removed


def drop_affected(engine: Engine, span: RunRange) -> None:
    """Drop the temporary tables of `build_star`, before the transaction ends: a later load makes its own.

    Only then, and not before making one: a permanent table of such a name is the user's.
    """
    for name in temporary_tables(is_everything=span.is_everything):
        engine.execute(f"DROP TABLE {name}")


def count_duplicates(engine: Engine, span: RunRange) -> tuple[int, int]:
    """Tell duplicates and conflicts from loaded records in the ledger; return how many there are of both."""
    engine.execute(_count(duplicates(is_everything=span.is_everything)), span.params)
    found = count_files(engine, span.params)
    engine.execute("DROP TABLE file_duplicate")
    return found


def recount_affected(engine: Engine, span: RunRange) -> tuple[int, int]:
    """The same after `build_star_without`, of every file and run that has records of affected keys."""
    engine.execute(
        "INSERT INTO file_duplicate (run_id, file_id, duplicates, conflicts) "
        + duplicates(is_everything=False)
    )
    found = retract_counts(engine, span.last_run, span.params)
    engine.execute("DROP TABLE file_duplicate")
    return found


def recount_all(engine: Engine) -> None:
    """Count duplicates and conflicts of every file and run again, by the records that stand in staging.

    Their content has changed: a listener was forgotten, a column was added; or the rule has.
    """
    engine.execute(f"CREATE TEMP TABLE file_duplicate AS {all_duplicates()}")
    reset_counts(engine)
    engine.execute("DROP TABLE file_duplicate")


def load_statements() -> list[Statement]:
    """All that a load runs after staging, in order."""
    counts = Statement("file_duplicate", "", _count(duplicates(is_everything=False)))
    return [*affected_keys(), *refresh(is_everything=False), counts, file_update()]


def _refresh(engine: Engine, changes: Changes, *, is_everything: bool, is_retracting: bool = False) -> None:
    for model in MODELS:
        for one in keep_records(model, is_everything=is_everything):
            engine.execute(one.text)
        delete, insert = replace_rows(model, is_everything=is_everything)
        if is_everything:
            engine.execute(delete.text)
            engine.execute(insert.text)
            changes.rewritten(model.table)
        # Most nights bring no songs, and no play of a key that has one.
        elif engine.query(f"SELECT COUNT(*) AS n FROM {model.affected}").scalar():
            rows, between = model.of_affected(model.table), dict[str, Value]()
            if model.kept and not is_retracting:
                # The rows before and after are of records that are kept: so little of a long history is read.
                rows += " WHERE r.start_time BETWEEN :first AND :last"
                span = engine.query(f"SELECT MIN(ts) AS first, MAX(ts) AS last FROM {model.kept}").rows[0]
                between |= dict(zip(("first", "last"), span, strict=True))
            with changes.of(model.table, rows, between) as before:
                if before.rows:
                    engine.execute(delete.text)
                engine.execute(insert.text)


def _count(counted: str) -> str:
    return f"CREATE TEMP TABLE file_duplicate AS SELECT d.* FROM ({counted}) AS d WHERE {NEW}"


def _span(engine: Engine, first_run: int, last_run: int) -> RunRange:
    """Runs are numbered from 1: before that there is none."""
    runs: dict[str, Value] = {"first_run": first_run, "last_run": last_run}
    first, last = engine.query(
        "SELECT MIN(ts) AS first_time, MAX(ts) AS last_time FROM stg_events "
        f"WHERE {NEW} AND page IN (SELECT page FROM {PAGES_TABLE})",
        runs,
    ).rows[0]
    return RunRange(first_run, last_run, first or LAST, last or FIRST, is_everything=first_run <= 1)
