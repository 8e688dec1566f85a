"""What files and runs count, as records repeat one another, are retracted or restored."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

from sparkify.engines.base import Engine, Value
from sparkify.engines.relations import definition
from sparkify.ledger.digests import Changes
from sparkify.ledger.statements import run, temporary
from sparkify.sql import Statement

Disposition = Literal["undone", "replaced"]
"""Rolled back, and left alone until it is asked for again; or replaced by the whole file, loaded again."""


def count_files(engine: Engine, runs: Mapping[str, Value]) -> tuple[int, int]:
    """Tell the duplicates and conflicts of `file_duplicate` from loaded records, in every file that stands.

    Returns how many these runs have of both.
    """
    run(engine, "etl_file_update")
    duplicates, conflicts = engine.query(
        "SELECT COALESCE(SUM(duplicates), 0) AS duplicates, COALESCE(SUM(conflicts), 0) AS conflicts "
        "FROM file_duplicate WHERE run_id BETWEEN :first_run AND :last_run",
        runs,
    ).rows[0]
    return int(duplicates), int(conflicts)


def file_update() -> Statement:
    """The statement in which `count_files` changes the ledger."""
    return Statement("etl_file_update", "", definition("etl_file_update", group="ledger"))


def count_filled(engine: Engine, filled: str) -> None:
    """Count what left `extra` for a new column, as (file_id, records, gone): what is gone is no value."""
    engine.execute(
        "UPDATE etl_file SET values_aside = etl_file.values_aside - f.records, "
        f"values_read = etl_file.values_read - f.gone FROM ({filled}) AS f WHERE f.file_id = etl_file.file_id"
    )
    run(engine, "etl_run_recount")


def count_empty(engine: Engine, file_id: int, number: int) -> None:
    """So many of a file's values in `extra` are no values any more."""
    engine.execute(
        "UPDATE etl_file SET values_aside = values_aside - :number, values_read = values_read - :number "
        "WHERE file_id = :file_id",
        {"file_id": file_id, "number": number},
    )


def reset_counts(engine: Engine) -> None:
    """Tell duplicates and conflicts apart again, in every file and run: `file_duplicate` has all of them."""
    run(engine, "etl_file_reset", "etl_file_update", "etl_run_reset", "etl_run_update")


def erase_values(engine: Engine, erased: Sequence[tuple[int, int, int]]) -> None:
    """Note what is erased with a listener: (file_id, values in columns, values in `extra`)."""
    columns = {"file_id": "INTEGER", "vals": "BIGINT", "aside": "BIGINT"}
    with temporary(engine, "erased", columns, erased):
        run(engine, "etl_file_erased", "etl_run_recount")


def count_rejects(engine: Engine) -> None:
    """Let every file and run count what is a reject still."""
    run(engine, "etl_file_recount", "etl_run_recount")


@contextmanager
def retracting(engine: Engine, parts: Collection[int]) -> Iterator[None]:
    """In the block, `retracted` names these parts, and those of rejects of theirs that were replayed."""
    with temporary(engine, "retracted", {"file_id": "INTEGER"}, [(part,) for part in parts]):
        run(engine, "retracted_replays")
        yield


def retract_parts(engine: Engine, run_id: int, disposition: Disposition, changes: Changes) -> None:
    """Take the retracted parts and their rejects from the ledger; rejects that they had loaded are back."""
    with changes.of_older_rejects(run_id):
        run(engine, "etl_reject_return", "etl_file_recount", "etl_reject_retract")
    engine.execute(
        f"UPDATE etl_file SET {disposition}_in = :run WHERE file_id IN (SELECT file_id FROM retracted)",
        {"run": run_id},
    )


def retract_counts(engine: Engine, run_id: int, runs: Mapping[str, Value]) -> tuple[int, int]:
    """`count_files` after `retract_parts`; every run counts what stands of it, if anything does."""
    found = count_files(engine, runs)
    run(engine, "etl_run_update", "etl_run_recount")
    run(engine, "etl_run_undone", run=run_id)
    return found
