"""Rejects, validated again: those that pass now are loaded as if they had come in time.

Each is put back on its own line of a file made for the purpose, and goes the way of every record. What
was not kept whole cannot go it: then the file itself must be read again.
"""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from pathlib import Path

from sparkify.engines.base import STAGING_TABLE, Engine
from sparkify.formatting import count
from sparkify.ledger.counts import count_rejects
from sparkify.ledger.digests import Changes
from sparkify.ledger.files import add_parts, next_part, read_parts
from sparkify.ledger.rejects import decoded, mark_replayed, read_rejects, revise_reasons
from sparkify.ledger.runs import require_run
from sparkify.ledger.state import read_forgotten
from sparkify.load import validation
from sparkify.load.accept import accept, conserved, count_misfits, validate
from sparkify.load.feed import Feed
from sparkify.load.notices import Warnings
from sparkify.load.project import NO_PROJECT, Project
from sparkify.load.publish import Outcome, Summary, publish
from sparkify.load.staging import Tally, tell_units, warn_conflicts, warn_misfits
from sparkify.load.star import build_star, count_duplicates, drop_affected
from sparkify.load.text import learn_forms
from sparkify.progress import Progress
from sparkify.scratch import Scratch
from sparkify.source.file import DATASETS, Dataset, NewFile
from sparkify.source.local import local_version
from sparkify.source.scan import diagnose

_KEPT_WHOLE = ("text", "base64")


def replay(
    engine: Engine,
    run: int | None,
    progress: Progress,
    sleep: Callable[[float], None] = time.sleep,
    feed: Feed | None = None,
    project: Project = NO_PROJECT,
) -> Summary:
    """Validate the rejects again, of every run or of one, and load those that pass.

    A reject that passes stays known, in case that its loading is undone. Raises ConfigError for a run that
    there is not.
    """

    def work(run_id: int, changes: Changes) -> Outcome:
        if run is not None:
            require_run(engine, run)
        progress.step("validating again")
        passed: dict[int, int] = {}
        tally, misfits = Tally(), Counter[str]()
        with changes.of_older_rejects(run_id):
            for dataset in DATASETS:
                passed |= _validate_again(
                    engine, dataset, run, run_id, feed or Feed(), progress, tally, misfits
                )
        if not passed:
            return Outcome(is_idle=True)
        count_rejects(engine)
        progress.step("building the star schema")
        learn_forms(engine, run_id, run_id)
        tally.read, tally.misfits = sum(passed.values()), misfits.total()
        warnings = Warnings(progress)
        warn_misfits(warnings, misfits)
        span = build_star(engine, run_id, run_id, changes)
        tally.duplicate, tally.conflict = count_duplicates(engine, span)
        tally.loaded = tally.read - tally.duplicate - tally.conflict
        warn_conflicts(warnings, tally.conflict, run_id)
        drop_affected(engine, span)
        return Outcome({"replayed": len(passed)}, len(passed), tally, warnings=warnings.found)

    return publish(engine, "replay", work, progress, sleep, project)


def _validate_again(
    engine: Engine,
    dataset: Dataset,
    run: int | None,
    run_id: int,
    feed: Feed,
    progress: Progress,
    tally: Tally,
    misfits: Counter[str],
) -> dict[int, int]:
    """Stage what passes, each file's in a part of its own; return how many of each file did.

    Their values are counted in `tally`, and in `misfits` those that do not fit, by the reason.
    """
    with Scratch() as folder:
        files, parts, others = _write_files(engine, dataset, run, folder)
        if others:
            progress.warn(
                f"{count(others, 'reject')} of {dataset} cannot be validated again, as a whole file or a "
                "text that was not kept whole: `sparkify reload FILE` reads it again."
            )
        if not files:
            return {}
        rules = validation.rules(dataset, run_id, engine, feed.paths[dataset], feed.clock())
        staged = {one.file_id: one for one in engine.stage(dataset, files, rules)}
        by_id = {file.file_id: file for file in files}
        wrong = [
            replace(one, file_id=parts[one.file_id], raw_text=None)
            for page in validate(engine, dataset, by_id, rules)
            for one in page
        ]
        counted, units = accept(engine, dataset, run_id, rules, feed.paths["events"])
        misfits += count_misfits(engine, dataset, run_id, counted, feed.paths[dataset])
    revise_reasons(engine, wrong)
    passed = dict(
        engine.query(
            f"SELECT file_id, COUNT(*) AS n FROM {STAGING_TABLE[dataset]} "
            "WHERE run_id = :run AND file_id >= :first GROUP BY file_id",
            {"run": run_id, "first": min(parts)},
        ).rows
    )
    new, known = [], {part.file_id: part for part in read_parts(engine, parts.values())}
    tell_units(progress, {(unit, known[parts[number]].uri) for number, unit in units})
    may_erase = bool(read_forgotten(engine))
    for number, n in passed.items():
        name = f"reject of file {parts[number]}"
        values = conserved(name, staged[number], counted, may_erase=may_erase)
        tally.add(values)
        new.append(known[parts[number]]._replace(
            file_id=number, run_id=run_id, replays=parts[number], records_read=n, loaded=n, duplicate=0,
            conflict=0, rejected=0, problem=None, values_read=values.read, values_aside=values.aside,
            values_erased=values.erased,
        ))  # fmt: skip
    add_parts(engine, new)
    if new:
        mark_replayed(engine, dataset, run_id)
    return passed


def _write_files(
    engine: Engine, dataset: Dataset, run: int | None, folder: Path
) -> tuple[list[NewFile], dict[int, int], int]:
    """Write the rejects whose text is kept, and is an object, each on the line that it has in its own file.

    Returns the new files, by their number the part that each is of, and how many other rejects there are.
    """
    parts: dict[int, int] = {}
    others, number, last = 0, next_part(engine) - 1, 0
    with ExitStack() as current:
        for one in chain.from_iterable(read_rejects(engine, dataset, run, replayed=False)):
            if one.record == 0 or one.raw_text is None or one.encoding not in _KEPT_WHOLE:
                others += one.encoding != "erased"
                continue
            line = decoded(one.encoding, one.raw_text)
            if diagnose(line) is not None:
                continue
            if parts.get(number) != one.file_id:
                current.close()
                number, last = number + 1, 1
                parts[number] = one.file_id
                out = current.enter_context(_path(folder, number).open("wb"))
            out.write(b"\n" * (one.record - last) + line)
            last = one.record
    return [_as_file(number, _path(folder, number)) for number in parts], parts, others


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number}.json"


def _as_file(number: int, path: Path) -> NewFile:
    found = path.stat()
    return NewFile(number, str(path), str(path), found.st_size, local_version(found))
