"""The runs that load: files into staging and the star, checked and published at once, or not at all."""

import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sparkify.engines.base import Engine
from sparkify.errors import ConfigError, LoadError, SparkifyError
from sparkify.formatting import count
from sparkify.ledger.digests import Changes
from sparkify.ledger.files import read_ledger
from sparkify.ledger.state import write_play_pages
from sparkify.load.feed import Feed
from sparkify.load.files import Planned, State, Trust, make_plan, remember_versions
from sparkify.load.inspect import inspect_events, inspect_star
from sparkify.load.notices import Warned, Warnings
from sparkify.load.project import NO_PROJECT, Project
from sparkify.load.publish import Outcome, Summary, publish
from sparkify.load.reload import plan_reload, with_companions
from sparkify.load.retract import retract
from sparkify.load.rules import why_rebuild
from sparkify.load.staging import HANDFUL, FileIngest, changed_message, warn_conflicts
from sparkify.load.star import build_star, count_duplicates, recount_all
from sparkify.load.text import learn_forms, relearn_forms
from sparkify.progress import Progress
from sparkify.setting import REJECTS
from sparkify.source.listing import SourceFile

GROUPS = 20
"""Files and reasons that a refusal shows."""

__all__ = ["MaxRejects", "Summary", "load", "rebuild", "reload"]


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

    def __str__(self) -> str:
        return f"{100 * self.share:.15g}% and {self.count}" if self.share else str(self.count)

    def allow(self, rejected: int, read: float) -> bool:
        """Whether a run of `read` records, or of nobody knows how many (`inf`), may have so many rejects."""
        # A record may hold several values that do not fit: 100 % is no limit. And 0 * inf is no number.
        return rejected <= self.count or self.share >= 1 or rejected <= self.share * read


def load(
    engine: Engine,
    files: Sequence[SourceFile],
    max_rejects: MaxRejects,
    progress: Progress,
    sleep: Callable[[float], None] = time.sleep,
    also: Collection[State] = (),
    feed: Feed | None = None,
    warned: Sequence[Warned] = (),
    trust: Trust = "version",
    project: Project = NO_PROJECT,
) -> Summary:
    """Load what the ledger does not know of these files, in one transaction.

    `warned` is what the listing of the source warns of: it is kept with the run.

    `also` names what is loaded besides new and grown files: `changed` ones, whose old records give way, and
    those that were `undone`. Raises LoadError before anything is written if a known file was rewritten and
    that is not so, and at the end if there are too many rejects; CheckError if a check finds wrong rows.
    Nothing is published then.
    """

    feed = feed or Feed()

    def work(run_id: int, changes: Changes) -> Outcome:
        warnings = Warnings(progress)
        for one in warned:
            warnings.add(*one)
        if feed.is_strict:
            warnings.refuse()
        plan = make_plan(files, engine, trust)
        remember_versions(engine, plan)
        if (changed := plan.of("changed")) and "changed" not in also:
            raise LoadError(changed_message(changed))
        planned = [*plan.of("new", "grown", "changed")]
        if "undone" in also:
            kept = [one for one in planned if not one.has_undone]
            planned = kept + [one._replace(state="undone") for one in plan.files if one.has_undone]
        states: tuple[State, ...] = ("new", "grown", "changed", "undone", "known")
        counts: dict[str, int] = {state: len(plan.of(state)) for state in states}
        if "undone" in also:
            counts["retried"] = counts.pop("undone")
        elif gaps := [one.file.uri for one in plan.of("grown") if one.known and one.known.is_undone]:
            more = f" and {count(len(gaps) - 1, 'more file')}" if gaps[1:] else ""
            warnings.add(
                "undone_part",
                f"{gaps[0]}{more}: a part of it was undone and stays out, what came after it is loaded. "
                "`sparkify etl --retry` loads the part too.",
            )
        if not planned:
            return Outcome(counts, warnings=warnings.found, is_idle=True)
        return _load_files(engine, run_id, planned, counts, max_rejects, warnings, feed, changes)

    return publish(engine, "etl", work, progress, sleep, project)


def reload(
    engine: Engine,
    names: Sequence[str],
    max_rejects: MaxRejects,
    progress: Progress,
    sleep: Callable[[float], None] = time.sleep,
    feed: Feed | None = None,
    project: Project = NO_PROJECT,
) -> Summary:
    """Reload these files whole: exactly their records, in staging and star, are replaced.

    Where a plain COPY brought one of them, nobody knows which records are its own: the files that came in
    the same COPY are loaded again too. Raises ConfigError for a file that the ledger does not know, LoadError
    if one cannot be read, or if one of the others was rewritten and is not named.
    """

    def work(run_id: int, changes: Changes) -> Outcome:
        given = feed or Feed()
        planned = plan_reload(names, read_ledger(engine), given.link_roots)
        warnings = Warnings(progress)
        return _load_files(engine, run_id, planned, {}, max_rejects, warnings, given, changes)

    return publish(engine, "reload", work, progress, sleep, project)


def rebuild(
    engine: Engine,
    progress: Progress,
    sleep: Callable[[float], None] = time.sleep,
    play_pages: Sequence[str] = (),
    project: Project = NO_PROJECT,
) -> Summary:
    """Rebuild the star from staging, recount the ledger, check both, and publish in one transaction.

    `play_pages` are the pages whose events are plays from now on; none: as before.
    """

    def work(run_id: int, changes: Changes) -> Outcome:
        if play_pages:
            write_play_pages(engine, play_pages)
        progress.step("building the star schema")
        relearn_forms(engine, run_id)
        affected = build_star(engine, 0, run_id, changes)
        recount_all(engine)
        warnings = Warnings(progress)
        inspect_star(engine, warnings)
        return Outcome(affected=affected, warnings=warnings.found)

    return publish(engine, "rebuild", work, progress, sleep, project)


def rebuild_if_other(
    engine: Engine, progress: Progress, play_pages: Sequence[str], project: Project = NO_PROJECT
) -> Summary | None:
    """`rebuild`, a run of its own, where other rules or play pages built the star; None where none is due."""
    if not why_rebuild(engine, play_pages):
        return None
    summary = rebuild(engine, progress, play_pages=play_pages, project=project)
    progress.note(f"run {summary.run_id} rebuilt the star schema by this program's rules and play pages.")
    return summary


@contextmanager
def after(rebuilt: Summary | None) -> Iterator[None]:
    """Whatever ends this block does not undo the run that rebuilt the star before: its message says so."""
    try:
        yield
    except (SparkifyError, KeyboardInterrupt) as error:
        if rebuilt:
            stands = f"run {rebuilt.run_id}, which rebuilt the star schema before, is published"
            line, *more = str(error).replace("othing was published", "othing more was published").split("\n")
            text = f"{line} {stands.capitalize()}."
            if isinstance(error, KeyboardInterrupt):
                text = f"nothing more was published; {stands}"
            error.args = ("\n".join([text, *more]), *error.args[1:])
        raise


def _load_files(
    engine: Engine,
    run_id: int,
    planned: Sequence[Planned],
    counts: dict[str, int],
    max_rejects: MaxRejects,
    warnings: Warnings,
    feed: Feed,
    changes: Changes,
) -> Outcome:
    """Load these files; what the ledger holds of those that are read whole gives way."""
    progress = warnings.progress
    if any(one.replaced for one in planned):
        planned = with_companions(planned, read_ledger(engine), feed.link_roots)
    loading = FileIngest(engine, run_id, progress, warnings, feed, max_rejects.allow, changes)
    loading.stage_files(planned)
    _refuse_bad(loading, max_rejects, feed)
    parts = [part for one in planned for part in one.replaced]
    if unread := loading.left_out & {one.file.uri for one in planned if one.is_whole and one.parts}:
        raise LoadError(f"{min(unread)} changed while it was read: nothing was published. Run it again.")
    inspect_events(engine, run_id, loading.logs, loading.grown, warnings)
    progress.step("building the star schema")
    learn_forms(engine, run_id, run_id)
    tally, removed, affected = loading.tally, 0, None
    if parts:
        removed, (tally.duplicate, tally.conflict) = retract(engine, run_id, parts, "replaced", changes)
    else:
        affected = build_star(engine, run_id, run_id, changes)
        tally.duplicate, tally.conflict = count_duplicates(engine, affected)
    tally.loaded = tally.read - tally.rejected - tally.duplicate - tally.conflict
    counts = counts or {"reloaded": len(planned)}
    left_out = [
        "retried" if p.state == "undone" else p.state for p in planned if p.file.uri in loading.left_out
    ]
    for state in left_out:
        counts[state] -= 1
    if tally.duplicate and not (tally.loaded or tally.conflict):
        warnings.add(
            "all_duplicate",
            "every valid record of these files was already loaded: was a folder moved or copied? "
            "The ledger knows files by their path. Nothing counts twice.",
        )
    warn_conflicts(warnings, tally.conflict, run_id)
    if tally.rejected and tally.rejected == tally.read:
        warnings.add(
            "all_rejected",
            "every record of these files was rejected, none was loaded. --max-rejects 0 refuses that.",
        )
    if feed.is_strict:
        warnings.refuse()
    return Outcome(
        counts, len(planned) - len(left_out), tally, removed, affected, loading.rejects, loading.uris,
        warnings.found, [*loading.keys.unknown.values()], [*loading.keys.absent.values()],
    )  # fmt: skip


def _refuse_bad(loading: FileIngest, max_rejects: MaxRejects, feed: Feed) -> None:
    """Raise LoadError where the feed has gone wrong."""
    tally = loading.tally
    if feed.refuses_rejected_files and loading.rejected_whole:
        uri, records = loading.rejected_whole[0]
        more = (
            f" (and {count(len(loading.rejected_whole) - 1, 'more such file')})"
            if loading.rejected_whole[1:]
            else ""
        )
        (_, reason), (place, _) = next(one for one in loading.reasons.items() if one[0][0] == uri)
        raise LoadError(
            f"{uri}{more}: all {records:,} records were rejected, first {place}: {reason}. Nothing was "
            "published. Fix the file, or set [ETL] REJECTED_FILES = allow."
        )
    if not max_rejects.allow(tally.rejected, tally.read):
        raise LoadError(_too_many(loading, max_rejects, feed))
    if not max_rejects.allow(tally.misfits, tally.read):
        raise LoadError(
            f"{count(tally.misfits, 'value does', 'values do')} not fit their columns "
            f"in {count(tally.read, 'record')}, more than --max-rejects allows ({max_rejects}): "
            "nothing was published. They would be kept in extra; "
            f"fix the feed, or allow it with --max-rejects {tally.misfits}."
        )
    if feed.refuses_unknown_keys:
        loading.keys.refuse_unknown()


def _too_many(loading: FileIngest, allowed: MaxRejects, feed: Feed) -> str:
    """One line, and below it what a refused run leaves no other trace of: which files, and why."""
    rejected, read = loading.tally.rejected, loading.tally.read
    groups = sorted(loading.reasons.items(), key=lambda group: -group[1][1])
    shown = [
        f"{uri} {place}: {reason}{f', and {times - 1:,} more like it' if times > 1 else ''}"
        for (uri, reason), (place, times) in groups[:GROUPS]
    ]
    more = [f"and {len(groups) - GROUPS:,} more files and reasons"] if groups[GROUPS:] else []
    end = f"nothing was published. Fix the files, or allow it with --max-rejects {rejected}."
    if feed.refuses_rejected_files and rejected > HANDFUL:
        end = f"{end[:-1]}, and [ETL] REJECTED_FILES = allow where a file is rejected whole."
    if loading.is_cut:
        end = "the others were not read, and nothing was published. Fix the files, or raise --max-rejects."
    return "\n  ".join((
        f"{rejected:,} of {'the first ' if loading.is_cut else ''}{read:,} records were rejected, more than "
        f"--max-rejects allows ({allowed}): {end}",
        *shown, *more,
    ))  # fmt: skip
