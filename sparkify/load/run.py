"""One run: what is new goes into staging and the star, is checked and published at once, or not at all."""

import datetime as dt
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import sparkify
from sparkify.config import REJECTS
from sparkify.engines.base import Engine
from sparkify.errors import CheckError, ConfigError, LoadError, RetryError
from sparkify.load.checks import Verdict, check_touched
from sparkify.load.files import SourceFile, make_plan
from sparkify.load.rejects import Reject
from sparkify.load.staging import GROUPS, Loading, Tally, changed_message, next_id
from sparkify.load.star import build_star, clear_star, count_duplicates, forget_touched
from sparkify.load.tables import count_rows
from sparkify.load.text import learn_repairs
from sparkify.progress import Progress

RETRY_AFTER = (1.0, 5.0, 15.0)
"""Seconds before each further attempt."""


@dataclass(frozen=True)
class MaxRejects:
    """A run with more rejects is refused: more than `count` records and more than `share` of them."""

    count: int
    share: float = 0.0

    @classmethod
    def parse(cls, text: str) -> "MaxRejects":
        """Read '0', '250', '1%' or '1% and 100'. Raises ConfigError for anything else."""
        pattern, words = REJECTS
        found = re.fullmatch(pattern, text.strip())
        if not found:
            raise ConfigError(f"{text!r} is not {words}.")
        share, count = found.groups()
        return cls(int(count or 0), float(share or 0) / 100)

    def allow(self, rejected: int, read: int) -> bool:
        return rejected <= self.count or rejected <= self.share * read


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


def load(
    engine: Engine,
    files: Sequence[SourceFile],
    max_rejects: MaxRejects,
    progress: Progress,
    sleep: Callable[[float], None] = time.sleep,
) -> Summary:
    """Load what the ledger does not know of these files, in one transaction.

    A transaction that ended through no fault of its own is run again: it reads the ledger again first, so
    that nothing is loaded twice even where only the answer to its commit was lost. Raises LoadError before
    anything is written if a known file was rewritten, and at the end if there are too many rejects;
    CheckError if a check finds wrong rows. Nothing is published then.
    """
    reached: list[Summary] = []
    return _retried(lambda: _load_once(engine, files, max_rejects, progress, reached), progress, sleep)


def _load_once(
    engine: Engine,
    files: Sequence[SourceFile],
    max_rejects: MaxRejects,
    progress: Progress,
    reached: list[Summary],
) -> Summary:
    """One attempt; `reached` holds the summaries of attempts that came as far as their commit."""
    began, started = time.monotonic(), dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    with engine.transaction(lock="etl_lock"):
        plan = make_plan(files, engine)
        if changed := plan.of("changed"):
            raise LoadError(changed_message(changed))
        counts = {state: len(plan.of(state)) for state in ("new", "grown", "known")}
        planned = plan.of("new", "grown")
        if not planned and reached and _is_published(engine, reached[-1]):
            return reached[-1]
        if not planned:
            return Summary(None, counts, Tally(), count_rows(engine), *_matched(engine))
        run_id = next_id(engine, "run_id", "etl_run")
        loading = Loading(engine, run_id, progress)
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
        forget_touched(engine)
        summary = Summary(
            run_id, counts, loading.tally, count_rows(engine), *_matched(engine), verdicts, loading.rejects,
            loading.uris,
        )  # fmt: skip
        summary.seconds = round(time.monotonic() - began, 3)
        _record_run(engine, "etl", started, summary, len(planned))
        reached.append(summary)
        progress.step("publishing")
    summary.seconds = round(time.monotonic() - began, 3)
    return summary


def rebuild(engine: Engine, progress: Progress, sleep: Callable[[float], None] = time.sleep) -> Summary:
    """Make the star anew from staging, check it, and publish it in one transaction."""
    return _retried(lambda: _rebuild_once(engine, progress), progress, sleep)


def _rebuild_once(engine: Engine, progress: Progress) -> Summary:
    began, started = time.monotonic(), dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    with engine.transaction(lock="etl_lock"):
        run_id = next_id(engine, "run_id", "etl_run")
        progress.step("building the star")
        clear_star(engine)
        span = build_star(engine, 0, run_id)
        progress.step("checking")
        verdicts = check_touched(engine, span)
        raise_failed(verdicts)
        forget_touched(engine)
        summary = Summary(run_id, {}, Tally(), count_rows(engine), *_matched(engine), verdicts)
        summary.seconds = round(time.monotonic() - began, 3)
        _record_run(engine, "rebuild", started, summary, 0)
        progress.step("publishing")
    return summary


def _is_published(engine: Engine, summary: Summary) -> bool:
    """Whether this run stands in the ledger, though the answer to its commit was lost."""
    found = engine.query(
        "SELECT records_read, loaded, seconds FROM etl_run WHERE run_id = :run_id", {"run_id": summary.run_id}
    )
    return found.rows == [(summary.records.read, summary.records.loaded, summary.seconds)]


def _retried(attempt: Callable[[], Summary], progress: Progress, sleep: Callable[[float], None]) -> Summary:
    for pause in RETRY_AFTER:
        try:
            return attempt()
        except RetryError as error:
            progress.warn(f"{error} Trying again in {pause:g} s.")
            sleep(pause)
    return attempt()


def raise_failed(verdicts: Sequence[Verdict]) -> None:
    """Raise CheckError naming every check that failed."""
    failed = [verdict.sentence() for verdict in verdicts if not verdict.passed]
    if failed:
        raise CheckError(
            f"{len(failed)} of {len(verdicts)} checks failed, nothing was published. " + " | ".join(failed)
        )


def _too_many(loading: Loading, allowed: MaxRejects) -> str:
    """One line, and below it what a refused run leaves no other trace of: which files, and why."""
    rejected, read = loading.tally.rejected, loading.tally.read
    limit = f"{100 * allowed.share:g}% and {allowed.count}" if allowed.share else str(allowed.count)
    groups = sorted(loading.reasons.items(), key=lambda group: -len(group[1]))
    shown = [
        f"{uri} {places[0]}: {reason}{f', and {len(places) - 1:,} more like it' if places[1:] else ''}"
        for (uri, reason), places in groups[:GROUPS]
    ]
    more = [f"and {len(groups) - GROUPS:,} more files and reasons"] if groups[GROUPS:] else []
    return "\n  ".join((
        f"{rejected:,} of {read:,} records were rejected, more than --max-rejects allows ({limit}): "
        f"nothing was published. Mend the files, or allow it with --max-rejects {rejected}.",
        *shown, *more,
    ))  # fmt: skip


def _matched(engine: Engine) -> tuple[int, int]:
    song, artist = engine.query(
        "SELECT COUNT(song_id) AS song, COUNT(artist_id) AS artist FROM songplay"
    ).rows[0]
    return song, artist


def _record_run(engine: Engine, command: str, started: dt.datetime, summary: Summary, files: int) -> None:
    columns = (
        "run_id", "command", "program", "started_at", "seconds", "files", "records_read", "loaded",
        "duplicate", "rejected", "plays", "plays_song", "plays_artist",
    )  # fmt: skip
    engine.insert("etl_run", columns, [(
        summary.run_id, command, sparkify.__version__, started, summary.seconds, files, summary.records.read,
        summary.records.loaded, summary.records.duplicate, summary.records.rejected, summary.rows["songplay"],
        summary.matched_song, summary.matched_artist,
    )])  # fmt: skip
