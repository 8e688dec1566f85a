"""What every run has in common: its work is checked and published in one transaction, or not at all.

A transaction that ended through no fault of its own is tried again.
"""

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape

from sparkify.clock import now_in_seconds
from sparkify.engines.base import Engine
from sparkify.errors import CheckError, ConfigError, RetryError
from sparkify.formatting import count, percent
from sparkify.ledger import attempts, seal
from sparkify.ledger.digests import SEALED, SMALL, Changes
from sparkify.ledger.rejects import Reject
from sparkify.ledger.runs import Run, add_run, is_published, last_run, writing
from sparkify.load.checks import changed_by_hand, check_affected, check_layout, check_own, check_span
from sparkify.load.keys import KeyNews
from sparkify.load.notices import Warned, Warnings
from sparkify.load.own_models import build_models, is_stale
from sparkify.load.project import NO_PROJECT, Project
from sparkify.load.rules import require_rules
from sparkify.load.staging import Tally
from sparkify.load.star import RunRange, drop_affected
from sparkify.load.tables import count_rows
from sparkify.load.verdict import Verdict
from sparkify.progress import Progress
from sparkify.sql.schema import STAR

REBUILDING = ("rebuild", "forget")
"""Commands that build the whole star, whatever rules built it before."""
RETRY_AFTER = (1.0, 5.0, 15.0)
"""Seconds before each further attempt."""


@dataclass
class Outcome:
    """What the work of a run came to, before it is checked and published."""

    files: dict[str, int] = field(default_factory=dict)
    """How many files are in which state."""
    taken: int = 0
    """Files that were loaded, or rolled back."""
    records: Tally = field(default_factory=Tally)
    removed: int = 0
    """Records that were removed from staging."""
    affected: RunRange | None = None
    """What is checked, by its tables of affected keys; None: everything, as after a retraction."""
    rejects: list[Reject] = field(default_factory=list)
    reject_uris: dict[int, str] = field(default_factory=dict)
    warnings: Sequence[Warned] = ()
    unknown_keys: Sequence[KeyNews] = ()
    absent_keys: Sequence[KeyNews] = ()
    is_idle: bool = False
    """Whether there was nothing to do."""


Work = Callable[[int, Changes], Outcome]
"""What a run does: given its number, and where to note what it does to large tables."""


@dataclass(repr=False)
class Summary(Outcome):
    """What a run did. With `run_id` None there was nothing to do."""

    run_id: int | None = None
    rows: dict[str, int] = field(default_factory=dict)
    matched_song: int = 0
    matched_artist: int = 0
    checks: Sequence[Verdict] = ()
    seconds: float = 0.0
    models: dict[str, int] = field(default_factory=dict)
    """The rows of the table of each model of the user's own."""
    rebuilt: int | None = None
    """The run that rebuilt the star before this one."""

    @property
    def told(self) -> list[tuple[str, str]]:
        """What it did, in words, each with the word that it is about."""
        star = " · ".join(f"{rows:,} {name}" for name, rows in self.rows.items())
        plays, models = self.rows.get("songplay", 0), self.models.items()
        matched = (
            f"{count(self.matched_song, 'play')} to a song ({percent(self.matched_song, plays)}), "
            f"{self.matched_artist:,} to an artist ({percent(self.matched_artist, plays)})"
        )
        before = f"the star schema first, by run {self.rebuilt}" if self.rebuilt else ""
        passed = sum(verdict.passed for verdict in self.checks)
        is_run = self.run_id is not None
        pairs = {
            "rebuilt": before,
            "files": is_run and ", ".join(f"{n:,} {state}" for state, n in self.files.items() if n),
            "records": is_run and self._records,
            "values": is_run and self._values,
            "removed": is_run and self.removed and f"{count(self.removed, 'record')} of staging",
            "star": star,
            "matched": matched,
            "models": is_run and " · ".join(f"{rows:,} {name}" for name, rows in models),
            "checks": is_run and f"{passed} of {len(self.checks)} passed",
        }
        return [(word, said) for word, said in pairs.items() if said]

    @property
    def _records(self) -> str:
        r = self.records
        if not r.read and (not self.files or self.removed):
            return ""
        conflicts = f" + {count(r.conflict, 'conflict')}" if r.conflict else ""
        kinds = f"{r.loaded:,} loaded + {r.duplicate:,} duplicate{conflicts} + {r.rejected:,} rejected"
        return f"{r.read:,} read = {kinds}"

    @property
    def _values(self) -> str:
        r = self.records
        if r.values is None:
            return ""
        aside = f" + {r.values_aside:,} set aside in extra" if r.values_aside else ""
        erased = f" + {r.values_erased:,} erased with forgotten listeners" if r.values_erased else ""
        columns = f"{r.values - r.values_aside - r.values_erased:,} in columns"
        return f"{r.values:,} read = {columns + aside + erased if aside or erased else 'all in columns'}"

    @property
    def _title(self) -> str:
        return f"Run {self.run_id}" if self.run_id else "Nothing to do"

    def __repr__(self) -> str:
        return "\n".join([self._title, *(f"{word:8} {said}" for word, said in self.told)])

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        rows = "".join(f"<tr><th>{word}</th><td>{escape(said)}</td></tr>" for word, said in self.told)
        return f"<table><caption>{self._title}</caption><tbody>{rows}</tbody></table>"


def publish(
    engine: Engine,
    command: str,
    work: Work,
    progress: Progress,
    sleep: Callable[[float], None] = time.sleep,
    project: Project = NO_PROJECT,
) -> Summary:
    """Do the work of one run, check it, record it and publish it in one transaction.

    `work` is given the run's number. A transaction that ended through no fault of its own is run again: it
    reads the ledger again first, so that nothing is done twice even where only the answer to its commit was
    lost. A run that would have nothing else to do is published where the models of `project` are others.
    Raises CheckError if a check found wrong rows, WarehouseError if other rules built the star. Nothing is
    published then, or if `work` raises.
    """
    reached: list[tuple[Run, Summary]] = []
    pauses = list(RETRY_AFTER)
    attempt = attempts.new_attempt(command)
    try:
        while True:
            try:
                return _attempt(engine, command, work, progress, reached, attempt, project)
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
    reached: list[tuple[Run, Summary]],
    attempt: attempts.Attempt,
    project: Project,
) -> Summary:
    """One attempt; `reached` holds the runs that came as far as their commit."""
    began, started = time.monotonic(), now_in_seconds()
    if not reached:
        attempts.begin(engine, attempt)
    with writing(engine):
        if reached and is_published(engine, reached[-1][0]):
            return reached[-1][1]
        before = _changed_before(engine, command, progress)
        with seal.sealed(engine) as changes:
            attempts.clear(engine, attempt)
            if command not in REBUILDING:
                require_rules(engine)
            run_id = last_run(engine) + 1
            progress.know(run_id, 0, 0)
            with changes.of_run(run_id):
                summary = Summary(**vars(work(run_id, changes)))
                summary.warnings = [*before, *summary.warnings]
                if summary.is_idle and run_id > 1 and is_stale(engine, project):
                    summary.is_idle = False
                    progress.note(
                        "the models are not those of the last run: they are built, and nothing else."
                    )
                if not summary.is_idle:
                    summary.models = build_models(engine, project, changes, progress)
                    progress.step("checking")
                    summary.run_id, summary.checks = run_id, _check(engine, run_id, summary.affected, project)
                    summary.warnings = [*summary.warnings, *_warn(summary.checks, project, progress)]
            summary.rows = count_rows(engine)
            summary.matched_song, summary.matched_artist = engine.query(
                "SELECT COUNT(song_id) AS song, COUNT(artist_id) AS artist FROM songplay"
            ).rows[0]
            if summary.is_idle:
                progress.know(None, 0, 0)
                changes.says(command, "nothing was published: what is known of files or rejects was noted")
                return summary
            summary.seconds = round(time.monotonic() - began, 3)
            run = _as_run(run_id, command, started, summary)
            add_run(engine, run, summary.warnings)
            changes.says(command, _said(summary), run_id)
            progress.know(run_id, summary.taken, summary.records.read)
        reached.append((run, summary))
        progress.step("publishing")
    summary.seconds = round(time.monotonic() - began, 3)
    return summary


def _changed_before(engine: Engine, command: str, progress: Progress) -> Sequence[Warned]:
    """Warn of what something else than sparkify has changed in the ledger; refuse it where there is a key.

    What a run does by a ledger that somebody changed is sealed, and the change may be undone afterwards.
    With a key every table is compared, and its layout, but for a star schema that is to be rebuilt (`forget`
    rebuilds it only where it finds a record); and the chain of seals is followed.
    """
    warnings = Warnings(progress)
    if not seal.key():
        if found := changed_by_hand(engine, SMALL):
            warnings.add(
                "seal",
                f"something else than sparkify changed the warehouse: {found}. `sparkify check` tells.",
            )
        return warnings.found
    tables = [seal.CHAIN, *(name for name in SEALED if name not in STAR or command != "rebuild")]
    layout = check_layout(engine)
    if found := changed_by_hand(engine, tables) or ("" if layout.passed else layout.sentence()):
        raise ConfigError(
            f"something else than sparkify changed the warehouse: {found.rstrip('.')}. Restore a copy, or "
            "look at it and say `sparkify log --accept WHY`; `sparkify rebuild` repairs a star schema. "
            "Nothing was changed."
        )
    return ()


def _said(summary: Summary) -> str:
    """What a run did, for the chain of seals."""
    r = summary.records
    counts = {
        "read": r.read, "loaded": r.loaded, "duplicate": r.duplicate, "conflict": r.conflict,
        "rejected": r.rejected, "removed": summary.removed,
    }  # fmt: skip
    files = [count(summary.taken, "file")] if summary.taken else []
    return ", ".join([*files, *(f"{n:,} {name}" for name, n in counts.items() if n)]) or "no file was read"


def _check(engine: Engine, run_id: int, affected: RunRange | None, project: Project) -> Sequence[Verdict]:
    """Check what a run affected, or everything, and drop the tables of affected keys.

    Checks of the user's own look at everything. Raises CheckError naming every check that failed.
    """
    if affected is None:
        verdicts = check_span(engine, RunRange(0, run_id))
    else:
        verdicts = check_affected(engine, affected)
        drop_affected(engine, affected)
    verdicts = [*verdicts, *check_own(engine, project)]
    if failed := [verdict for verdict in verdicts if not (verdict.passed or verdict.warns)]:
        brief = f"{len(failed)} of {len(verdicts)} checks failed, nothing was published"
        raise CheckError(
            f"{brief}. " + " | ".join(verdict.sentence() for verdict in failed),
            f"{brief}: {', '.join(verdict.name for verdict in failed)}.",
        )
    return verdicts


def _warn(verdicts: Sequence[Verdict], project: Project, progress: Progress) -> Sequence[Warned]:
    """A warning of each check that found wrong rows and does not refuse the run; no row is kept in it."""
    warnings = Warnings(progress)
    for verdict in verdicts:
        if not verdict.passed:
            warnings.add(
                "check", f"{verdict.name} found wrong rows, which `sparkify check` shows. {verdict.meaning}"
            )
    if project.is_strict:
        warnings.refuse()
    return warnings.found


def _as_run(run_id: int, command: str, started: dt.datetime, summary: Summary) -> Run:
    r = summary.records
    return Run(
        run_id, command, started, summary.seconds, summary.taken, r.read, r.loaded, r.duplicate, r.conflict,
        r.rejected, None if r.values is None else r.values_aside, summary.rows["songplay"],
        summary.matched_song, summary.matched_artist,
    )  # fmt: skip
