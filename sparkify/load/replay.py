"""Rejects, validated again: those that pass now are loaded as if they had come in time.

Each is put back on its own line of a file made for the purpose, and goes the way of every record. What
was not kept whole cannot go it: then the file itself must be read again.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sparkify.engines.base import STAGING_TABLE, Engine
from sparkify.errors import ConfigError
from sparkify.load import validation
from sparkify.load.accept import Values, accept, require_conserved, validate
from sparkify.load.digests import OLDER_REJECTS, Changes
from sparkify.load.feed import Feed
from sparkify.load.publish import Outcome, Summary, publish
from sparkify.load.rejects import Reject, decoded
from sparkify.load.retract import recheck
from sparkify.load.staging import Tally, next_id
from sparkify.load.star import build_star, count_duplicates, drop_affected, run_transform
from sparkify.load.text import learn_forms
from sparkify.progress import Progress
from sparkify.scratch import Scratch
from sparkify.source.file import Dataset, NewFile
from sparkify.source.scan import diagnose
from sparkify.source.store import local_version

_KEPT_WHOLE = ("text", "base64")


@dataclass
class _Rejects:
    """The rejects of one part of a file that can be validated again, by the line they stand on."""

    file_id: int
    lines: dict[int, bytes] = field(default_factory=dict)


def replay(
    engine: Engine,
    run: int | None,
    progress: Progress,
    sleep: Callable[[float], None] = time.sleep,
    feed: Feed | None = None,
) -> Summary:
    """Validate the rejects again, of every run or of one, and load those that pass.

    A reject that passes stays known, in case that its loading is undone. Raises ConfigError for a run that
    there is not.
    """

    def work(run_id: int, changes: Changes) -> Outcome:
        if (
            run is not None
            and not engine.query("SELECT run_id FROM etl_run WHERE run_id = :run", {"run": run}).rows
        ):
            raise ConfigError(f"there is no run {run}. `sparkify runs` lists them.")
        progress.step("validating again")
        datasets: tuple[Dataset, ...] = ("songs", "events")
        passed: dict[int, int] = {}
        with changes.of("etl_reject", OLDER_REJECTS, {"run": run_id}):
            for dataset in datasets:
                passed |= _validate_again(engine, dataset, run, run_id, feed or Feed(), progress)
            if passed:
                run_transform(engine, "etl_reject_replayed", {"run": run_id})
        if not passed:
            return Outcome(is_idle=True)
        run_transform(engine, "etl_file_replayed", {"run": run_id})
        run_transform(engine, "etl_run_rejects")
        progress.step("building the star")
        learn_forms(engine, run_id, run_id)
        tally = Tally(read=sum(passed.values()))
        span = build_star(engine, run_id, run_id, changes)
        tally.duplicate, tally.conflict = count_duplicates(engine, span)
        tally.loaded = tally.read - tally.duplicate - tally.conflict
        drop_affected(engine, span)
        progress.step("checking")
        return Outcome({"replayed": len(passed)}, len(passed), tally, checks=recheck(engine, run_id))

    return publish(engine, "replay", work, progress, sleep)


def _validate_again(
    engine: Engine, dataset: Dataset, run: int | None, run_id: int, feed: Feed, progress: Progress
) -> dict[int, int]:
    """Stage what passes, each file's in a part of its own; return how many of each file did."""
    found, others = _read_rejects(engine, dataset, run)
    if others:
        progress.warn(
            f"{others:,} rejects of {dataset} are whole files, or were not kept whole: "
            "`sparkify reload FILE` reads them again."
        )
    if not found:
        return {}
    first = next_id(engine, "file_id", "etl_file")
    with Scratch() as folder:
        files = [_as_file(number, one, folder) for number, one in enumerate(found, start=first)]
        rules = validation.rules(dataset, run_id, engine, feed.paths[dataset], feed.clock())
        staged = {one.file_id: one for one in engine.stage(dataset, files, rules)}
        by_id = {file.file_id: file for file in files}
        wrong = [one for page in validate(engine, dataset, by_id, rules) for one in page]
        counted = accept(engine, dataset, run_id, rules)
    parts = {number: one.file_id for number, one in enumerate(found, start=first)}
    _write_reasons(engine, wrong, parts)
    passed = dict(
        engine.query(
            f"SELECT file_id, COUNT(*) AS n FROM {STAGING_TABLE[dataset]} "
            "WHERE run_id = :run AND file_id >= :first GROUP BY file_id",
            {"run": run_id, "first": first},
        ).rows
    )
    values = {}
    for number in passed:
        own = counted.get(number, Values(0, 0, 0))
        values[number] = own._replace(read=own.read + (staged[number].values or 0))
        require_conserved(f"reject of file {parts[number]}", values[number], may_erase=not rules.is_in_order)
    _write_parts(engine, run_id, parts, passed, values)
    return passed


def _read_rejects(engine: Engine, dataset: Dataset, run: int | None) -> tuple[Sequence[_Rejects], int]:
    """(rejects whose text is kept, and is an object; how many others only their files can tell)."""
    rows = engine.query(
        "SELECT r.file_id, r.record, r.encoding, r.raw_text FROM etl_reject AS r "
        "JOIN etl_file AS f ON f.file_id = r.file_id "
        "WHERE r.replayed_in IS NULL AND f.dataset = :dataset AND (:run IS NULL OR r.run_id = :run) "
        "ORDER BY r.file_id, r.record",
        {"dataset": dataset, "run": run},
    ).rows
    found: dict[int, _Rejects] = {}
    others = 0
    for file_id, record, encoding, text in rows:
        if record == 0 or encoding not in _KEPT_WHOLE:
            others += encoding != "erased"
            continue
        line = decoded(encoding, text)
        if diagnose(line) is None:
            found.setdefault(file_id, _Rejects(file_id)).lines[record] = line
    return list(found.values()), others


def _as_file(number: int, rejects: _Rejects, folder: Path) -> NewFile:
    """A file in which each of them stands on the line that it has in its own."""
    path = folder / f"{number}.json"
    with path.open("wb") as out:
        at = 1
        for record, line in rejects.lines.items():
            out.write(b"\n" * (record - at) + line)
            at = record
    found = path.stat()
    return NewFile(number, str(path), str(path), found.st_size, local_version(found))


def _write_reasons(engine: Engine, wrong: Sequence[Reject], parts: Mapping[int, int]) -> None:
    rows = [(parts[one.file_id], one.record, one.reason) for one in wrong]
    run_transform(engine, "revalidated")
    engine.insert("revalidated", ("file_id", "record", "reason"), rows)
    run_transform(engine, "etl_reject_revalidated")
    engine.execute("DROP TABLE revalidated")


def _write_parts(
    engine: Engine,
    run_id: int,
    parts: Mapping[int, int],
    passed: Mapping[int, int],
    values: Mapping[int, Values],
) -> None:
    columns = ("uri", "dataset", "size", "modified", "content_hash", "lines", "tail")
    known = {
        file_id: rest
        for file_id, *rest in engine.query(f"SELECT file_id, {', '.join(columns)} FROM etl_file").rows
    }
    own = (
        "file_id", "run_id", "replays", "records_read", "loaded", "duplicate", "conflict", "rejected",
        "values_read", "values_aside", "values_erased",
    )  # fmt: skip
    rows = [
        (number, run_id, file_id, passed[number], passed[number], 0, 0, 0, *values[number], *known[file_id])
        for number, file_id in parts.items()
        if number in passed
    ]
    engine.insert("etl_file", (*own, *columns), rows)
