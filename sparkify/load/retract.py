"""Retraction: the records of files are removed from staging and ledger, and the star follows.

What came later stands, and so does what stood behind it: where two records have one key, the star and
the ledger counts for the one that is left. Only what they affected is rebuilt, from what staging still has.
"""

from collections.abc import Collection

from sparkify.engines.base import Engine
from sparkify.ledger.counts import Disposition, retract_parts, retracting
from sparkify.ledger.digests import Changes
from sparkify.ledger.files import read_ledger, replayed_parts
from sparkify.load.star import build_star_without, drop_affected, recount_affected
from sparkify.load.text import drop_forms


def file_parts_of_run(engine: Engine, run_id: int) -> list[int]:
    """The parts of files that this run took in and that stand, with the later parts that rest on them.

    Without its first lines a log cannot stand, so what was loaded when it had grown goes with them.
    """
    parts = replayed_parts(engine, run_id)
    for known in read_ledger(engine).values():
        standing = [part for part in known if not part.is_undone]
        own = [part for part in standing if part.run_id == run_id]
        if own:
            first = min(part.file_id for part in own)
            parts += [
                part.file_id
                for part in standing
                if part.run_id == run_id or (part.file_id > first and own[0].size and not own[0].problem)
            ]
    return sorted(parts)


def retract(
    engine: Engine, run_id: int, parts: Collection[int], disposition: Disposition, changes: Changes
) -> tuple[int, tuple[int, int]]:
    """Remove these parts from staging, star and ledger, and add what this run has staged.

    Returns how many records were removed from staging, and of this run's the duplicates and the conflicts.
    """
    with retracting(engine, parts):
        span, removed = build_star_without(engine, run_id, changes)
        retract_parts(engine, run_id, disposition, changes)
        counted = recount_affected(engine, span)
        drop_affected(engine, span)
        drop_forms(engine)
    return removed, counted
