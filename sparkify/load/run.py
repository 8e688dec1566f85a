"""One run: what is new goes into staging and the star, is checked, and is published at once, or not at all."""

import datetime as dt
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import sparkify
from sparkify.engines.base import STAGING_TABLE, Dataset, Engine, NewFile, Staged
from sparkify.errors import CheckError, ConfigError, LoadError
from sparkify.load import judge
from sparkify.load.checks import Verdict, check_touched
from sparkify.load.files import Plan, Planned
from sparkify.load.progress import Progress
from sparkify.load.rejects import Reject, collect_rejects, insert_rejects
from sparkify.load.star import build_star, clear_star, count_duplicates
from sparkify.load.tables import count_rows
from sparkify.load.text import learn_repairs

EXAMPLES = 5
"""Rejects that a summary shows."""


@dataclass(frozen=True)
class MaxRejects:
    """A run with more rejects is refused: more than `count` records and more than `share` of them."""

    count: int
    share: float = 0.0

    @classmethod
    def parse(cls, text: str) -> "MaxRejects":
        """Read '0', '250', '1%' or '1% and 100'. Raises ConfigError for anything else."""
        found = re.fullmatch(r"\s*(?:(\d+(?:\.\d+)?)\s*%)?\s*(?:and\s*)?(\d+)?\s*", text)
        if not found or not text.strip():
            raise ConfigError(f"--max-rejects {text!r} is neither a number, nor 1%, nor '1% and 100'.")
        share, count = found.groups()
        return cls(int(count or 0), float(share or 0) / 100)

    def allow(self, rejected: int, read: int) -> bool:
        return rejected <= self.count or rejected <= self.share * read


@dataclass
class Tally:
    """Records read = loaded + duplicate + rejected."""

    read: int = 0
    loaded: int = 0
    duplicate: int = 0
    rejected: int = 0


@dataclass
class Summary:
    """What a run did. With `run_id` None there was nothing to do."""

    run_id: int | None
    files: dict[str, int]
    records: Tally
    rows: dict[str, int]
    matched_song: int
    matched_artist: int
    checks: Sequence[Verdict] = ()
    rejects: list[Reject] = field(default_factory=list)
    reject_uris: dict[int, str] = field(default_factory=dict)
    seconds: float = 0.0


def load(engine: Engine, plan: Plan, max_rejects: MaxRejects, progress: Progress) -> Summary:
    """Load what the plan calls new or grown, in one transaction.

    Raises LoadError before anything is written if a known file was rewritten, and at the end if there are
    too many rejects; CheckError if a check finds wrong rows. Nothing is published then.
    """
    began, started = time.monotonic(), dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    _refuse_changed(plan)
    planned = plan.of("new", "grown")
    files = {"new": len(plan.of("new")), "grown": len(plan.of("grown")), "known": len(plan.of("known"))}
    if not planned:
        rows = count_rows(engine)
        return Summary(None, files, Tally(), rows, *_matched(engine))
    with engine.transaction():
        run_id = _next(engine, "run_id", "etl_run")
        loading = _Loading(engine, run_id, progress)
        loading.take_in(planned)
        if not max_rejects.allow(loading.tally.rejected, loading.tally.read):
            raise LoadError(_too_many(loading, max_rejects))
        progress.step("building the star")
        learn_repairs(engine, run_id, run_id)
        span = build_star(engine, run_id, run_id)
        loading.tally.duplicate = count_duplicates(engine, span)
        loading.tally.loaded = loading.tally.read - loading.tally.rejected - loading.tally.duplicate
        progress.step("checking")
        verdicts = check_touched(engine, span)
        raise_failed(verdicts)
        summary = Summary(
            run_id, files, loading.tally, count_rows(engine), *_matched(engine), verdicts, loading.rejects,
            loading.uris,
        )  # fmt: skip
        summary.seconds = round(time.monotonic() - began, 3)
        _record_run(engine, "etl", started, summary, len(planned))
        progress.step("publishing")
    summary.seconds = round(time.monotonic() - began, 3)
    return summary


def rebuild(engine: Engine, progress: Progress) -> Summary:
    """Make the star anew from staging, check it, and publish it in one transaction."""
    began, started = time.monotonic(), dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    with engine.transaction():
        run_id = _next(engine, "run_id", "etl_run")
        progress.step("building the star")
        clear_star(engine)
        span = build_star(engine, 0, run_id)
        progress.step("checking")
        verdicts = check_touched(engine, span)
        raise_failed(verdicts)
        summary = Summary(run_id, {}, Tally(), count_rows(engine), *_matched(engine), verdicts)
        summary.seconds = round(time.monotonic() - began, 3)
        _record_run(engine, "rebuild", started, summary, 0)
        progress.step("publishing")
    return summary


def raise_failed(verdicts: Sequence[Verdict]) -> None:
    """Raise CheckError naming every check that failed."""
    failed = [verdict.sentence() for verdict in verdicts if not verdict.passed]
    if failed:
        raise CheckError(f"{len(failed)} of {len(verdicts)} checks failed, nothing was published. " + " | ".join(failed))


class _Loading:
    """Files on their way into staging, the rejects and the ledger."""

    def __init__(self, engine: Engine, run_id: int, progress: Progress) -> None:
        self._engine = engine
        self._run_id = run_id
        self._progress = progress
        self._next_file = _next(engine, "file_id", "etl_file")
        self._keys: dict[tuple[str, str], list[str]] = {}
        self.tally = Tally()
        self.rejects: list[Reject] = []
        self.uris: dict[int, str] = {}

    def take_in(self, planned: Sequence[Planned]) -> None:
        """Stage all files, songs first, a bounded number of bytes at a time."""
        datasets: tuple[Dataset, ...] = ("songs", "events")
        for dataset in datasets:
            group = [p for p in planned if p.file.dataset == dataset]
            if group:
                self._progress.step(f"reading {dataset}", sum(p.file.size for p in group))
            for batch in _batches(group, self._engine.batch_bytes):
                self._take_in_batch(dataset, batch)
        self._warn_of_keys()

    def _take_in_batch(self, dataset: Dataset, batch: Sequence[Planned]) -> None:
        new = [self._new_file(planned) for planned in batch]
        by_id = {file.file_id: file for file in new}
        staged = self._engine.stage(dataset, new)
        for file in new:
            self._progress.advance(file.size - file.start)
        for file_id in by_id.keys() - {s.file_id for s in staged}:
            self._progress.warn(f"{by_id[file_id].uri} changed while it was read: the next run takes it in.")
        rejects = self._judge(dataset, staged, by_id)
        insert_rejects(self._engine, self._run_id, rejects)
        self._write_ledger(dataset, staged, by_id, rejects)
        self.rejects += rejects[: max(0, EXAMPLES - len(self.rejects))]
        self.uris |= {r.file_id: by_id[r.file_id].uri for r in self.rejects if r.file_id in by_id}

    def _judge(self, dataset: Dataset, staged: Sequence[Staged], files: dict[int, NewFile]) -> list[Reject]:
        read = sum(s.records_read for s in staged)
        whole = [Reject(s.file_id, 0, s.problem, "text", None) for s in staged if s.problem]
        good = self._engine.execute(judge.accept(dataset), {"run_id": self._run_id})
        rejects = whole
        if good + len(whole) < read:
            rejects = whole + collect_rejects(self._engine, dataset, files)
        if good + len(rejects) != read:
            raise AssertionError(f"{read} records were read, {good} are good and {len(rejects)} are not")
        self.tally.read += read
        self.tally.rejected += len(rejects)
        return rejects

    def _write_ledger(
        self, dataset: Dataset, staged: Sequence[Staged], files: dict[int, NewFile], rejects: Sequence[Reject]
    ) -> None:
        rejected: dict[int, int] = {}
        for reject in rejects:
            rejected[reject.file_id] = rejected.get(reject.file_id, 0) + 1
        rows = []
        for s in staged:
            file, bad = files[s.file_id], rejected.get(s.file_id, 0)
            rows.append((
                s.file_id, file.uri, dataset, self._run_id, file.size, file.modified, s.content_hash, s.lines,
                s.tail, s.records_read, s.records_read - bad, 0, bad, s.problem,
            ))  # fmt: skip
            self._note_keys(file, s)
            if s.problem:
                self._progress.warn(f"{file.uri}: {s.problem}. It is kept as a reject; the other files are loaded.")
            elif not s.records_read and not file.start:
                self._progress.warn(f"{file.uri} is empty.")
        columns = (
            "file_id", "uri", "dataset", "run_id", "size", "modified", "content_hash", "lines", "tail",
            "records_read", "loaded", "duplicate", "rejected", "problem",
        )  # fmt: skip
        self._engine.insert("etl_file", columns, rows)

    def _new_file(self, planned: Planned) -> NewFile:
        file, known = planned.file, planned.known
        file_id = self._next_file
        self._next_file += 1
        if planned.state != "grown" or known is None:
            return NewFile(file_id, file.uri, file.uri, file.size, file.modified)
        start, lines = self._resume(planned)
        return NewFile(file_id, file.uri, file.uri, file.size, file.modified, start, lines)

    def _resume(self, planned: Planned) -> tuple[int, int]:
        """Where a log that grew goes on: (byte, lines before it).

        If its last line had no end and was rejected, it was cut off by whoever wrote it, and the reject
        gives way to the whole line.
        """
        known = planned.known
        assert known is not None  # a file has grown only from something known
        with open(planned.file.uri, "rb") as handle:  # noqa: PTH123
            handle.seek(max(0, known.size - 1))
            before, after = handle.read(1), handle.read(1)
        if known.size == 0 or before == b"\n":
            return known.size, known.lines
        if after in (b"\n", b"\r"):
            return known.size, known.lines - 1
        where = {"file_id": known.file_id, "record": known.lines}
        cut = "file_id = :file_id AND record = :record"
        if not self._engine.query(f"SELECT COUNT(*) AS n FROM etl_reject WHERE {cut}", where).scalar():
            raise LoadError(_changed_message([planned]))
        self._engine.execute(f"DELETE FROM etl_reject WHERE {cut}", where)
        self._engine.execute(
            "UPDATE etl_file SET records_read = records_read - 1, rejected = rejected - 1 WHERE file_id = :file_id",
            {"file_id": known.file_id},
        )
        return known.tail, known.lines - 1

    def _note_keys(self, file: NewFile, staged: Staged) -> None:
        for key in staged.unknown_keys:
            self._keys.setdefault((key, "is not loaded: no column takes it"), []).append(file.uri)
        for key in staged.absent_keys:
            self._keys.setdefault((key, "is absent: its column stays empty"), []).append(file.uri)

    def _warn_of_keys(self) -> None:
        for (key, what), uris in sorted(self._keys.items()):
            others = f" and {len(uris) - 1} more files" if len(uris) > 1 else ""
            self._progress.warn(f'the key "{key}" {what} (first record of {uris[0]}{others}). Was it renamed?')


def _batches(planned: Sequence[Planned], limit: int) -> Iterator[list[Planned]]:
    batch: list[Planned] = []
    size = 0
    for one in planned:
        if batch and size + one.file.size > limit:
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += one.file.size
    if batch:
        yield batch


def _refuse_changed(plan: Plan) -> None:
    changed = plan.of("changed")
    if changed:
        raise LoadError(_changed_message(changed))


def _changed_message(changed: Sequence[Planned]) -> str:
    first = changed[0]
    others = f" (and {len(changed) - 1} more files)" if len(changed) > 1 else ""
    run = first.known.run_id if first.known else 0
    return (
        f"{first.file.uri}{others} changed since run {run} loaded it: nothing was loaded. Put the old content back "
        "and deliver corrections as a new file, or build a new warehouse."
    )


def _too_many(loading: _Loading, allowed: MaxRejects) -> str:
    rejected, read = loading.tally.rejected, loading.tally.read
    limit = f"{allowed.share:.3g} of the records and {allowed.count}" if allowed.share else str(allowed.count)
    shown = "; ".join(
        f"{loading.uris[r.file_id]} record {r.record}: {r.reason}" for r in loading.rejects
    )
    return (
        f"{rejected:,} of {read:,} records were rejected, more than --max-rejects allows ({limit}): nothing was "
        f"published. The first: {shown}"
    )


def _matched(engine: Engine) -> tuple[int, int]:
    song, artist = engine.query("SELECT COUNT(song_id) AS song, COUNT(artist_id) AS artist FROM songplay").rows[0]
    return song, artist


def _next(engine: Engine, column: str, table: str) -> int:
    return int(engine.query(f"SELECT COALESCE(MAX({column}), 0) + 1 AS next_id FROM {table}").scalar())


def _record_run(engine: Engine, command: str, started: dt.datetime, summary: Summary, files: int) -> None:
    columns = (
        "run_id", "command", "program", "started_at", "seconds", "files", "records_read", "loaded", "duplicate",
        "rejected", "plays", "plays_song", "plays_artist",
    )  # fmt: skip
    engine.insert("etl_run", columns, [(
        summary.run_id, command, sparkify.__version__, started, summary.seconds, files, summary.records.read,
        summary.records.loaded, summary.records.duplicate, summary.records.rejected, summary.rows["songplay"],
        summary.matched_song, summary.matched_artist,
    )])  # fmt: skip
