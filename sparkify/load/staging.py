"""Files on their way into staging: read, validated, and written to the ledger with what became of them."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from math import inf
from operator import itemgetter

from sparkify.engines.base import Engine, Staged
from sparkify.engines.record import record_reader
from sparkify.formatting import count
from sparkify.ledger.digests import Changes
from sparkify.ledger.files import Part, add_parts, next_part
from sparkify.ledger.rejects import Reject, add_rejects, supersede
from sparkify.ledger.state import read_forgotten
from sparkify.load import validation
from sparkify.load.accept import Values, accept, conserved, count_invalid, count_misfits, validate
from sparkify.load.erase import erase
from sparkify.load.feed import Feed
from sparkify.load.files import Plan, Planned
from sparkify.load.growth import WHOLE, Border
from sparkify.load.keys import KeyReport
from sparkify.load.notices import Warnings
from sparkify.progress import Progress
from sparkify.source.compression import is_packed
from sparkify.source.file import DATASETS, Dataset, NewFile, batches
from sparkify.source.listing import SourceFile
from sparkify.source.local import local_path

EXAMPLES = 5
"""Rejects that a summary shows."""
HANDFUL = 10
"""A file of more records than this that is rejected whole is no accident of a few lines."""

LEAST = 16 << 10
"""Bytes that any file counts for in a batch: what we keep of a tiny one is larger than itself."""


@dataclass
class Tally:
    """Records read = loaded + duplicate + conflict + rejected."""

    read: int = 0
    loaded: int = 0
    duplicate: int = 0
    conflict: int = 0
    rejected: int = 0
    values: int | None = None
    """Values of the good records that are not null; None where nobody counted."""
    values_aside: int = 0
    """Of these, kept in `extra`: no column takes them, or they do not fit theirs."""
    values_erased: int = 0
    """Of the values, those of forgotten listeners."""
    misfits: int = 0
    """Of those aside, the ones that do not fit their column."""

    def add(self, values: Values) -> None:
        """Count the values of a file, too."""
        self.values = (self.values or 0) + values.read
        self.values_aside += values.aside
        self.values_erased += values.erased


class FileIngest:
    """Loads files into staging, the rejects and the ledger."""

    def __init__(
        self,
        engine: Engine,
        run_id: int,
        progress: Progress,
        warnings: Warnings,
        feed: Feed,
        allow: Callable[[int, float], bool],
        changes: Changes,
    ) -> None:
        """`allow` says whether so many rejects may be among so many records.

        What is done to rejects of earlier runs is noted in `changes`.
        """
        self._changes = changes
        self._allow = allow
        self.is_lost = False
        """Whether too many records are rejected, whatever is still to come."""
        self.is_cut = False
        """Whether therefore not everything was read."""
        self._engine = engine
        self._run_id = run_id
        self._progress = progress
        self._warnings = warnings
        self._feed = feed
        self._next_file = next_part(engine)
        self._files = 0
        self._forgotten = read_forgotten(engine)
        self.tally = Tally()
        self.rejects: list[Reject] = []
        self.uris: dict[int, str] = {}
        self._empty: list[str] = []
        self._all_rejected: list[tuple[str, int]] = []
        """Files of a few records, all of them rejected, and how many those were."""
        self._unreadable: dict[str, list[str]] = {}
        """Files of which no record can be read, by the reason."""
        self.keys = KeyReport(engine, forgets=bool(self._forgotten))
        self._misfits: Counter[str] = Counter()
        """How many values did not fit, by the reason."""
        self._units: set[tuple[str, str]] = set()
        """(unit, file) of moments that are not in milliseconds."""
        """Files whose moments are not in milliseconds, by their unit."""
        self.reasons: dict[tuple[str, str], tuple[str, int]] = {}
        """Where in each file something was rejected first, and how often, by (URI, reason)."""
        self.logs: dict[int, str] = {}
        self.grown: set[int] = set()
        """Parts of logs that went on."""
        """The files of events that were loaded, by number."""
        self.left_out: set[str] = set()
        """Files that changed while they were read."""
        self.rejected_whole: list[tuple[str, int]] = []
        """Files of which every record was rejected, and how many those were."""

    def stage_files(self, planned: Sequence[Planned]) -> None:
        """Stage all files, songs first, a bounded number of bytes at a time."""
        left = sum(p.file.size for p in planned)
        packed = any(is_packed(p.file.uri) for p in planned)
        for dataset in DATASETS:
            group = [p for p in planned if p.file.dataset == dataset]
            if group:
                self._progress.step(f"reading {dataset}", sum(p.file.size for p in group))
            for batch in batches(group, lambda p: max(p.file.size, LEAST), self._engine.batch_bytes):
                left -= sum(p.file.size for p in batch)
                self.is_cut |= self.is_lost
                if not self.is_lost:
                    self._stage_batch(dataset, batch, most=inf if packed and left else left // 3)
        self._warn()

    def _stage_batch(self, dataset: Dataset, batch: Sequence[Planned], most: float) -> None:
        """Stage a batch; at most `most` records come after it."""
        new = [self._new_file(planned) for planned in batch]
        by_id = {file.file_id: file for file in new}
        paths = self._feed.paths[dataset]
        rules = validation.rules(dataset, self._run_id, self._engine, paths, self._feed.clock())

        can_be_lost = not self._allow(sys.maxsize, most)

        def is_lost(records: int) -> bool:
            if can_be_lost:
                bad = self.tally.rejected + count_invalid(self._engine, dataset, rules)
                self.is_cut = self.is_lost = not self._allow(bad, self.tally.read + records + most)
            return self.is_lost

        staged = self._engine.stage(dataset, new, rules, is_lost)
        for file in new:
            self._progress.advance(file.size - file.start)
        self._files += len(staged)
        came = {s.file_id for s in staged}
        for file_id in by_id.keys() - came if not self.is_lost else ():
            self.left_out.add(by_id[file_id].uri)
            self._warnings.add(
                "changed_file",
                f"{by_id[file_id].uri} changed while it was read, or was removed: the next run loads it.",
            )
        superseded = [
            place
            for file, planned in zip(new, batch, strict=True)
            if file.file_id in came
            for place in planned.superseded
        ]
        supersede(self._engine, self._run_id, superseded, self._changes)
        self.tally.read += sum(s.records_read for s in staged)
        problems = [Reject(s.file_id, 0, s.problem, "text", None) for s in staged if s.problem]
        bad = self.tally.rejected + len(problems) + count_invalid(self._engine, dataset, rules)
        self.is_lost |= not self._allow(bad, self.tally.read + most)
        rejected: Counter[int] = Counter()
        for found in chain([problems], validate(self._engine, dataset, by_id, rules)):
            self._keep(erase(found, self._forgotten, dataset, self._feed.paths["events"]), by_id)
            rejected.update(one.file_id for one in found)
            if self.is_lost and found:  # the first of them say why
                self.tally.rejected = bad
                return
        self.tally.rejected += rejected.total()
        counted, units = accept(self._engine, dataset, self._run_id, rules, self._feed.paths["events"])
        self._units |= {(unit, by_id[file_id].uri) for file_id, unit in units}
        self._misfits += count_misfits(self._engine, dataset, self._run_id, counted, paths)
        self.tally.misfits = self._misfits.total()
        self._progress.know(self._run_id, self._files, self.tally.read)
        self._write_ledger(dataset, staged, by_id, rejected, counted)

    def _keep(self, rejects: Sequence[Reject], files: Mapping[int, NewFile]) -> None:
        """Write rejects, and remember as much of them as a summary or a refusal shows."""
        add_rejects(self._engine, self._run_id, rejects)
        for reject in rejects:
            group = files[reject.file_id].uri, reject.reason.partition(" (")[0]
            place, count = self.reasons.get(group, (reject.place, 0))
            self.reasons[group] = place, count + 1
        self.rejects += rejects[: max(0, EXAMPLES - len(self.rejects))]
        self.uris |= {r.file_id: files[r.file_id].uri for r in self.rejects if r.file_id in files}

    def _write_ledger(
        self,
        dataset: Dataset,
        staged: Sequence[Staged],
        files: Mapping[int, NewFile],
        rejected: Mapping[int, int],
        counted: Mapping[int, Values],
    ) -> None:
        reader = record_reader(dataset, self._feed.paths[dataset])
        parts = []
        for s in staged:
            file, bad = files[s.file_id], rejected.get(s.file_id, 0)
            values = self._values(file, s, counted)
            # Of rows without a file, only the run knows what became of them.
            good, none = (s.records_read - bad, 0) if s.has_lineage else (None, None)
            parts.append(Part(
                s.file_id, file.uri, dataset, self._run_id, file.size, file.modified, s.content_hash, s.lines,
                s.tail, s.records_read, good, none, none, bad, s.problem, *values,
            ))  # fmt: skip
            self.keys.add(dataset, file, s, reader)
            if bad == s.records_read > HANDFUL:
                self.rejected_whole.append((file.uri, bad))
            elif bad and bad == s.records_read and not s.problem:
                self._all_rejected.append((file.uri, bad))
            if s.problem:
                self._unreadable.setdefault(s.problem, []).append(file.uri)
            elif not s.records_read and not file.start:
                self._empty.append(file.uri)
        add_parts(self._engine, parts)
        self.logs |= {part.file_id: part.uri for part in parts if dataset == "events"}
        self.grown |= {s.file_id for s in staged if files[s.file_id].start}

    def _values(
        self, file: NewFile, staged: Staged, counted: Mapping[int, Values]
    ) -> Values | tuple[None, None, None]:
        """The values of a file. LoadError if one of them has no place."""
        if not staged.has_lineage:
            return None, None, None
        values = conserved(file.uri, staged, counted, may_erase=bool(self._forgotten))
        self.tally.add(values)
        return values

    def _new_file(self, planned: Planned) -> NewFile:
        file_id = self._next_file
        self._next_file += 1
        if planned.is_whole:
            return _new_file(file_id, planned.file)
        assert planned.border  # a file has grown from somewhere
        return _new_file(file_id, planned.file, planned.border)

    def _warn(self) -> None:
        if self._all_rejected:
            (uri, bad), *rest = self._all_rejected
            also = f", and so are all {sum(n for _, n in rest):,} of {count(len(rest), 'more file')}"
            said = f"{uri}: {count(bad, 'record')}, all rejected{also if rest else ''}."
            self._warnings.add("rejected_file", said)
        for problem, uris in self._unreadable.items():
            each = "The whole file is" if len(uris) == 1 else "Each whole file is"
            self._warnings.add("unreadable_file", f"{named(uris)}: {problem}. {each} one reject.")
        if self._empty:
            more = len(self._empty) - 1
            others = (
                f", and so {'is 1 more file' if more == 1 else f'are {more:,} more files'}" if more else ""
            )
            self._warnings.add("empty_file", f"{self._empty[0]} is empty{others}.")
        tell_units(self._progress, self._units)
        warn_misfits(self._warnings, self._misfits)
        self.keys.warn(self._warnings)


def tell_units(progress: Progress, units: Iterable[tuple[str, str]]) -> None:
    """Note which files write their moments otherwise than in milliseconds; `units` are (unit, file)."""
    for unit, found in groupby(sorted(units), itemgetter(0)):
        progress.note(f"ts is in {unit} in {named([uri for _, uri in found])}, and was converted.")


def warn_misfits(warnings: Warnings, misfits: Mapping[str, int]) -> None:
    """Warn of values that do not fit their columns, if there are any; `misfits` are counted by the reason."""
    if not misfits:
        return
    reasons = sorted(misfits.items(), key=lambda one: (-one[1], one[0]))
    shown = ", ".join(f"{reason} ({n:,})" for reason, n in reasons[:3])
    others = f", and {count(len(reasons) - 3, 'more reason')}" if reasons[3:] else ""
    total = count(sum(misfits.values()), "value does not fit its column", "values do not fit their columns")
    warnings.add("misfit", f"{total} and went to extra: {shown}{others}.")


def warn_conflicts(warnings: Warnings, conflicts: int, run_id: int) -> None:
    """Warn of records with the key of another one and other content, if there are any."""
    if conflicts:
        warnings.add(
            "conflict",
            f"{count(conflicts, 'record has', 'records have')} the key of another record, and other content: "
            f"the star keeps one by a fixed rule. `sparkify rejects --conflicts --run {run_id}` lists them.",
        )


def named(uris: Sequence[str]) -> str:
    """The first of some files, and how many more there are.

    >>> named(["a.json"]), named(["a.json", "b.json"])
    ('a.json', 'a.json and 1 more file')
    """
    return uris[0] + (f" and {count(len(uris) - 1, 'more file')}" if uris[1:] else "")


def preview(engine: Engine, plan: Plan) -> list[str]:
    """The statements in which a load of this plan would hand files to another machine."""
    statements: list[str] = []
    for dataset in DATASETS:
        files = [p.file for p in plan.of("new", "grown") if p.file.dataset == dataset]
        statements += engine.preview(dataset, [_new_file(0, file) for file in files])
    return statements


def _new_file(file_id: int, file: SourceFile, border: Border = WHOLE) -> NewFile:
    return NewFile(file_id, file.uri, local_path(file.uri), file.size, file.modified, *border)


def changed_message(changed: Sequence[Planned]) -> str:
    first = changed[0]
    others = f" (and {len(changed) - 1} more files)" if len(changed) > 1 else ""
    run = first.known.run_id if first.known else 0
    return (
        f"{first.file.uri}{others} changed since run {run} loaded it: nothing was loaded. "
        "`sparkify reload FILE` replaces its records, `--changed reload` those of every such file."
    )
