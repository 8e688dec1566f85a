"""Staging into the star, and the counts of the ledger that follow from it.

The star is a function of staging, whatever came and went in which order: `models` says which. A load runs the
models for the keys that its records affect; records that are retracted affect keys as new ones do.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sparkify.engines.base import STAGING_TABLE, Engine, Value
from sparkify.engines.relations import definition
from sparkify.load.digests import Changes
from sparkify.load.models import (
    MODELS,
    NEW,
    affected_keys,
    duplicates,
    is_retracted,
    keep_records,
    refresh,
    replace_rows,
    temporary_tables,
)
from sparkify.load.rules import record_rules
from sparkify.sql import Statement

EVER = (dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59))


@dataclass(frozen=True)
class RunRange:
    """The runs whose records are at hand, and the time between their first and last play."""

    first_run: int
    last_run: int
    first_time: dt.datetime = EVER[0]
    last_time: dt.datetime = EVER[1]
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
        record_rules(engine)
    return span


def build_star_without(engine: Engine, run_id: int, changes: Changes) -> tuple[RunRange, int]:
    """Add the records of this run, and take those of the parts in `retracted` from staging and star.

    Returns what was affected, and how many records left staging. Leaves the tables of affected keys, and
    `file_duplicate` with what earlier files no longer count: `count_again` adds what they count now.
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
    _refresh(engine, changes, is_everything=False)
    return span, removed


def drop_affected(engine: Engine, span: RunRange) -> None:
    """Drop the temporary tables of `build_star`, before the transaction ends: a later load makes its own.

    Only then, and not before making one: a permanent table of such a name is the user's.
    """
    for name in temporary_tables(is_everything=span.is_everything):
        engine.execute(f"DROP TABLE {name}")


def count_duplicates(engine: Engine, span: RunRange) -> tuple[int, int]:
    """Tell duplicates and conflicts from loaded records in the ledger; return how many there are of both."""
    engine.execute(_count(is_everything=span.is_everything), span.params)
    found = _write_counts(engine, span)
    engine.execute("DROP TABLE file_duplicate")
    return found


def count_again(engine: Engine, span: RunRange) -> tuple[int, int]:
    """The same after `build_star_without`, of every file and run that has records of affected keys."""
    engine.execute(
        "INSERT INTO file_duplicate (run_id, file_id, duplicates, conflicts) "
        + duplicates(is_everything=False)
    )
    found = _write_counts(engine, span)
    run_transform(engine, "etl_run_recount")
    engine.execute("DROP TABLE file_duplicate")
    return found


def recount(engine: Engine, span: RunRange) -> None:
    """Count duplicates and conflicts of every file and run again, after `build_star` of all runs.

    The rule that tells them apart has changed, or the listeners whose records they are.
    """
    run_transform(engine, "etl_file_reset")
    engine.execute(_count(is_everything=True), span.params)
    for name in ("etl_file_update", "etl_run_counted"):
        run_transform(engine, name)
    engine.execute("DROP TABLE file_duplicate")


def load_statements() -> list[Statement]:
    """All that a load runs after staging, in order."""
    counts = [
        Statement("file_duplicate", "", _count(is_everything=False)),
        Statement("etl_file_update", "", definition("etl_file_update", group="transforms")),
    ]
    return [*affected_keys(), *refresh(is_everything=False), *counts]


def run_transform(engine: Engine, name: str, params: Mapping[str, Value] | None = None) -> int:
    """Run one transform."""
    return engine.execute(definition(name, group="transforms"), params)


def _refresh(engine: Engine, changes: Changes, *, is_everything: bool) -> None:
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
            with changes.of(model.table, model.of_affected(model.table)) as before:
                if before.rows:
                    engine.execute(delete.text)
                engine.execute(insert.text)


def _count(*, is_everything: bool) -> str:
    counted = duplicates(is_everything=is_everything)
    return f"CREATE TEMP TABLE file_duplicate AS SELECT d.* FROM ({counted}) AS d WHERE {NEW}"


def _write_counts(engine: Engine, span: RunRange) -> tuple[int, int]:
    run_transform(engine, "etl_file_update")
    of_both = engine.query(
        "SELECT COALESCE(SUM(duplicates), 0) AS duplicates, COALESCE(SUM(conflicts), 0) AS conflicts "
        f"FROM file_duplicate WHERE {NEW}",
        span.params,
    ).rows[0]
    return int(of_both[0]), int(of_both[1])


def _span(engine: Engine, first_run: int, last_run: int) -> RunRange:
    runs: dict[str, Value] = {"first_run": first_run, "last_run": last_run}
    first, last = engine.query(
        "SELECT MIN(ts) AS first_time, MAX(ts) AS last_time FROM stg_events "
        f"WHERE {NEW} AND page IN (SELECT page FROM etl_play_page)",
        runs,
    ).rows[0]
    earlier = engine.query("SELECT COUNT(*) AS n FROM etl_run WHERE run_id < :first_run", runs).scalar()
    return RunRange(first_run, last_run, first or EVER[1], last or EVER[0], not earlier)
