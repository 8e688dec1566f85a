"""A run, taken back: as if it had never loaded its files, but for what the ledger remembers."""

import time
from collections.abc import Callable, Collection

from sparkify.engines.base import Engine
from sparkify.errors import ConfigError, LoadError
from sparkify.formatting import count
from sparkify.load.digests import Changes
from sparkify.load.publish import Outcome, Summary, publish
from sparkify.load.retract import file_parts_of_run, recheck, retract
from sparkify.progress import Progress


def undo(
    engine: Engine, run: int, progress: Progress, sleep: Callable[[float], None] = time.sleep
) -> Summary:
    """Take back what this run loaded, and what was loaded later on top of it.

    Staging, star and ledger are those of a warehouse that never loaded it; the ledger remembers the content,
    so that the next load leaves it alone until it is asked to retry. Raises ConfigError for a run that there
    is not, LoadError for one of which nothing stands.
    """

    def work(run_id: int, changes: Changes) -> Outcome:
        parts = file_parts_of_run(engine, run)
        if not parts:
            raise _nothing_stands(engine, run)
        _tell_what_goes(engine, parts, progress)
        progress.step("retracting records")
        removed, _ = retract(engine, run_id, parts, "undone", changes)
        progress.step("checking")
        verdicts = recheck(engine, run_id)
        return Outcome({"undone": len(parts)}, len(parts), removed=removed, checks=verdicts)

    return publish(engine, "undo", work, progress, sleep)


SHOWN = 10
"""Files that are named."""


def _tell_what_goes(engine: Engine, parts: Collection[int], progress: Progress) -> None:
    """Name the files whose records are about to leave, with how many of them there are."""
    found = [
        row[1:]
        for row in engine.query("SELECT file_id, uri, records_read, rejected FROM etl_file ORDER BY 1").rows
        if row[0] in set(parts)
    ]
    for uri, read, rejected in found[:SHOWN]:
        progress.note(f"{uri}: {count(read - rejected, 'record')} and {count(rejected, 'reject')} retracted.")
    if found[SHOWN:]:
        read, rejected = (sum(row[at] for row in found[SHOWN:]) for at in (1, 2))
        more = f"{count(read - rejected, 'record')} and {count(rejected, 'reject')}"
        progress.note(f"{count(len(found) - SHOWN, 'more file')}: {more} retracted.")


def _nothing_stands(engine: Engine, run: int) -> ConfigError | LoadError:
    found = engine.query("SELECT command, undone_in FROM etl_run WHERE run_id = :run", {"run": run}).rows
    if not found:
        return ConfigError(f"there is no run {run}. `sparkify runs` lists them.")
    command, undone_in = found[0]
    if undone_in is not None:
        return LoadError(f"run {run} has already been rolled back (by run {undone_in}).")
    return LoadError(f"run {run} ({command}) loaded no file that could be rolled back.")
