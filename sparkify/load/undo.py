"""A run, rolled back: as if it had never loaded its files, but for what the ledger remembers."""

import time
from collections.abc import Callable, Collection

from sparkify.engines.base import Engine
from sparkify.errors import LoadError
from sparkify.formatting import count
from sparkify.ledger.digests import Changes
from sparkify.ledger.files import read_parts, replayed_parts, replays_of
from sparkify.ledger.runs import require_run
from sparkify.load.project import NO_PROJECT, Project
from sparkify.load.publish import Outcome, Summary, publish
from sparkify.load.retract import file_parts_of_run, retract
from sparkify.progress import Progress


def undo(
    engine: Engine,
    run: int,
    progress: Progress,
    sleep: Callable[[float], None] = time.sleep,
    project: Project = NO_PROJECT,
) -> Summary:
    """Roll back what this run loaded, and what was loaded later on top of it.

    Staging, star and ledger are those of a warehouse that never loaded it; the ledger remembers the content,
    so that the next load leaves it alone until it is asked to retry. Raises ConfigError for a run that there
    is not, LoadError for one of which nothing stands.
    """

    def work(run_id: int, changes: Changes) -> Outcome:
        parts = file_parts_of_run(engine, run)
        if not parts:
            command, undone_in = require_run(engine, run)
            if undone_in is not None:
                raise LoadError(f"run {run} has already been rolled back (by run {undone_in}).")
            raise LoadError(f"run {run} ({command}) loaded no file that could be rolled back.")
        if set(parts) <= {*replayed_parts(engine, run)}:
            again[:] = ["`sparkify rejects replay` validates its records"]
        _note_retracted(engine, parts, progress)
        progress.step("retracting records")
        removed, _ = retract(engine, run_id, parts, "undone", changes)
        return Outcome({"undone": len(parts)}, len(parts), removed=removed)

    again = ["`sparkify etl --retry` loads its files"]
    summary = publish(engine, "undo", work, progress, sleep, project)
    progress.note(f"run {run} is rolled back; {again[0]} again.")
    return summary


SHOWN = 10
"""Files that are named."""


def _note_retracted(engine: Engine, parts: Collection[int], progress: Progress) -> None:
    """Name the files whose records are about to be retracted, with how many of them there are."""
    counted: dict[str, tuple[int, int]] = {}
    for part in read_parts(engine, [*parts, *replays_of(engine, parts)]):
        good, bad = counted.get(part.uri, (0, 0))
        counted[part.uri] = good + part.records_read - part.rejected, bad + part.rejected
    found = [(uri, good, bad) for uri, (good, bad) in counted.items()]
    if rest := found[SHOWN:]:
        more = count(len(rest), "more file"), sum(good for _, good, _ in rest), sum(bad for _, _, bad in rest)
        found[SHOWN:] = [more]
    for name, good, bad in found:
        progress.note(f"{name}: {count(good, 'record')} and {count(bad, 'reject')} retracted.")
