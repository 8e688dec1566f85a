"""What every run has in common: one transaction, tried again where it ended through no fault of its own."""

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import sparkify
from sparkify.engines.base import Engine
from sparkify.errors import CheckError, RetryError
from sparkify.formatting import count
from sparkify.load import attempts, seal
from sparkify.load.checks import Verdict
from sparkify.load.digests import Changes
from sparkify.load.keys import KeyNews
from sparkify.load.notices import Warned, insert_warnings
from sparkify.load.rejects import Reject
from sparkify.load.rules import require_rules
from sparkify.load.staging import Tally, next_id
from sparkify.load.tables import count_rows
from sparkify.progress import Progress

REBUILDING = ("rebuild", "forget")
"""Commands that build the whole star, whatever rules built it before."""
RETRY_AFTER = (1.0, 5.0, 15.0)
"""Seconds before each further attempt."""


@dataclass
class Outcome:
    """What the work of a run came to, before it is published."""

    files: dict[str, int] = field(default_factory=dict)
    """How many files are in which state."""
    taken: int = 0
    """Files that were loaded, or taken back."""
    records: Tally = field(default_factory=Tally)
    removed: int = 0
    """Records that left staging."""
    checks: Sequence[Verdict] = ()
    rejects: list[Reject] = field(default_factory=list)
    reject_uris: dict[int, str] = field(default_factory=dict)
    warnings: Sequence[Warned] = ()
    unknown_keys: Sequence[KeyNews] = ()
    absent_keys: Sequence[KeyNews] = ()
    is_idle: bool = False
    """Whether there was nothing to do."""


Work = Callable[[int, Changes], Outcome]
"""What a run does: given its number, and where to note what it does to large tables."""


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
    removed: int = 0
    warnings: Sequence[Warned] = ()
    unknown_keys: Sequence[KeyNews] = ()
    absent_keys: Sequence[KeyNews] = ()
    seconds: float = 0.0
    rebuilt: int | None = None
    """The run that rebuilt the star before this one."""


def publish(
    engine: Engine,
    command: str,
    work: Work,
    progress: Progress,
    sleep: Callable[[float], None] = time.sleep,
) -> Summary:
    """Do the work of one run, check it, record it and publish it in one transaction.

    `work` is given the run's number. A transaction that ended through no fault of its own is run again: it
    reads the ledger again first, so that nothing is done twice even where only the answer to its commit was
    lost. Raises CheckError if a check found wrong rows, WarehouseError if other rules built the star. Nothing
    is published then, or if `work` raises.
    """
    reached: list[Summary] = []
    pauses = list(RETRY_AFTER)
    attempt = attempts.new_attempt(command)
    try:
        while True:
            try:
                return _attempt(engine, command, work, progress, reached, attempt)
            except RetryError as error:
                if error.at_once:
                    progress.note(str(error))
                elif pauses:
                    progress.warn(f"{error} Trying again in {pauses[0]:g} s.")
                    sleep(pauses.pop(0))
                else:
                    raise
    except BaseException as error:
        attempts.end(engine, attempt, error)
        raise


def _attempt(
    engine: Engine,
    command: str,
    work: Work,
    progress: Progress,
    reached: list[Summary],
    attempt: attempts.Attempt,
) -> Summary:
    """One attempt; `reached` holds the summaries of attempts that came as far as their commit."""
    began, started = time.monotonic(), dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    if not reached:
        attempts.begin(engine, attempt)
    with engine.transaction(lock="etl_lock"):
        if reached and _is_published(engine, reached[-1]):
            return reached[-1]
        with seal.sealed(engine) as sealing:
            attempts.clear(engine, attempt)
            if command not in REBUILDING:
                require_rules(engine)
            run_id = next_id(engine, "run_id", "etl_run")
            progress.know(run_id, 0, 0)
            done = work(run_id, sealing.changes)
            if done.is_idle:
                progress.know(None, 0, 0)
                idle = Summary(None, done.files, Tally(), count_rows(engine), *_matched(engine))
                idle.warnings = done.warnings
                sealing.says(command, "nothing was published: what is known of files or rejects was noted")
                return idle
            raise_failed(done.checks)
            summary = Summary(
                run_id, done.files, done.records, count_rows(engine), *_matched(engine), done.checks,
                done.rejects, done.reject_uris, done.removed, done.warnings, done.unknown_keys,
                done.absent_keys,
            )  # fmt: skip
            sealing.changes.came(run_id)
            summary.seconds = round(time.monotonic() - began, 3)
            _record_run(engine, command, started, summary, done.taken)
            insert_warnings(engine, run_id, done.warnings)
            sealing.says(command, _said(summary, done.taken), run_id)
            progress.know(run_id, done.taken, summary.records.read)
        reached.append(summary)
        progress.step("publishing")
    summary.seconds = round(time.monotonic() - began, 3)
    return summary


def _said(summary: Summary, files: int) -> str:
    """What a run did, for the chain of seals."""
    r = summary.records
    counts = {
        "read": r.read, "loaded": r.loaded, "duplicate": r.duplicate, "conflict": r.conflict,
        "rejected": r.rejected, "removed": summary.removed,
    }  # fmt: skip
    return ", ".join([count(files, "file"), *(f"{n:,} {name}" for name, n in counts.items() if n)])


def raise_failed(verdicts: Sequence[Verdict]) -> None:
    """Raise CheckError naming every check that failed."""
    if failed := [verdict for verdict in verdicts if not verdict.passed]:
        brief = f"{len(failed)} of {len(verdicts)} checks failed, nothing was published"
        raise CheckError(
            f"{brief}. " + " | ".join(verdict.sentence() for verdict in failed),
            f"{brief}: {', '.join(verdict.name for verdict in failed)}.",
        )


def _is_published(engine: Engine, summary: Summary) -> bool:
    """Whether this run stands in the ledger, though the answer to its commit was lost."""
    found = engine.query(
        "SELECT records_read, loaded, seconds FROM etl_run WHERE run_id = :run_id", {"run_id": summary.run_id}
    )
    return found.rows == [(summary.records.read, summary.records.loaded, summary.seconds)]


def _matched(engine: Engine) -> tuple[int, int]:
    song, artist = engine.query(
        "SELECT COUNT(song_id) AS song, COUNT(artist_id) AS artist FROM songplay"
    ).rows[0]
    return song, artist


def _record_run(engine: Engine, command: str, started: dt.datetime, summary: Summary, files: int) -> None:
    columns = (
        "run_id", "command", "program", "started_at", "seconds", "files", "records_read", "loaded",
        "duplicate", "conflict", "rejected", "values_aside", "plays", "plays_song", "plays_artist",
    )  # fmt: skip
    engine.insert("etl_run", columns, [(
        summary.run_id, command, sparkify.__version__, started, summary.seconds, files, summary.records.read,
        summary.records.loaded, summary.records.duplicate, summary.records.conflict, summary.records.rejected,
        None if summary.records.values is None else summary.records.values_aside, summary.rows["songplay"],
        summary.matched_song, summary.matched_artist,
    )])  # fmt: skip
