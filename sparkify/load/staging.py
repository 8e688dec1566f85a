"""Files on their way into staging: read, judged, and written into the ledger with what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sparkify.engines.base import STAGING_TABLE, Dataset, Engine, NewFile, Staged, batches
from sparkify.errors import LoadError
from sparkify.load import judge
from sparkify.load.erase import erase, read_forgotten
from sparkify.load.files import Plan, Planned, measure_head
from sparkify.load.rejects import Reject, collect_rejects, insert_rejects
from sparkify.progress import Progress
from sparkify.sql.schema import json_key, table
from sparkify.store import open_file

EXAMPLES = 5
"""Rejects that a summary shows."""
GROUPS = 20
"""Files and reasons that a refusal shows."""

LEAST = 16 << 10
"""Bytes that any file counts for in a batch: what we keep of a tiny one is larger than itself."""


@dataclass
class Tally:
    """Records read = loaded + duplicate + rejected."""

    read: int = 0
    loaded: int = 0
    duplicate: int = 0
    rejected: int = 0


class Loading:
    """Files on their way into staging, the rejects and the ledger."""

    def __init__(self, engine: Engine, run_id: int, progress: Progress) -> None:
        self._engine = engine
        self._run_id = run_id
        self._progress = progress
        self._next_file = next_id(engine, "file_id", "etl_file")
        self._files = 0
        self._forgotten = read_forgotten(engine)
        self._keys: dict[tuple[str, str], list[str]] = {}
        self.tally = Tally()
        self.rejects: list[Reject] = []
        self.uris: dict[int, str] = {}
        self._empty: list[str] = []
        self.reasons: dict[tuple[str, str], list[str]] = {}
        """Where in each file something was rejected, by (URI, reason)."""
        self.left_out: set[str] = set()
        """Files that changed while they were read."""

    def take_in(self, planned: Sequence[Planned]) -> None:
        """Stage all files, songs first, a bounded number of bytes at a time."""
        datasets: tuple[Dataset, ...] = ("songs", "events")
        for dataset in datasets:
            group = [p for p in planned if p.file.dataset == dataset]
            if group:
                self._progress.step(f"reading {dataset}", sum(p.file.size for p in group))
            for batch in batches(group, lambda p: max(p.file.size, LEAST), self._engine.batch_bytes):
                self._take_in_batch(dataset, batch)
        if self._empty:
            more = len(self._empty) - 1
            others = (
                f", and so {'is 1 more file' if more == 1 else f'are {more:,} more files'}" if more else ""
            )
            self._progress.warn(f"{self._empty[0]} is empty{others}.")
        self._warn_of_keys()

    def _take_in_batch(self, dataset: Dataset, batch: Sequence[Planned]) -> None:
        new = [self._new_file(planned) for planned in batch]
        by_id = {file.file_id: file for file in new}
        rules = judge.rules(dataset, self._run_id, self._engine)
        staged = self._engine.stage(dataset, new, rules)
        for file in new:
            self._progress.advance(file.size - file.start)
        self._files += len(staged)
        for file_id in by_id.keys() - {s.file_id for s in staged}:
            self.left_out.add(by_id[file_id].uri)
            self._progress.warn(f"{by_id[file_id].uri} changed while it was read: the next run takes it in.")
        rejects = self._judge(dataset, staged, by_id)
        self._progress.know(self._run_id, self._files, self.tally.read)
        insert_rejects(self._engine, self._run_id, rejects)
        self._write_ledger(dataset, staged, by_id, rejects)
        for reject in rejects:
            group = by_id[reject.file_id].uri, reject.reason.partition(" (")[0]
            self.reasons.setdefault(group, []).append(reject.place)
        self.rejects += rejects[: max(0, EXAMPLES - len(self.rejects))]
        self.uris |= {r.file_id: by_id[r.file_id].uri for r in self.rejects if r.file_id in by_id}

    def _judge(self, dataset: Dataset, staged: Sequence[Staged], files: dict[int, NewFile]) -> list[Reject]:
        whole = [Reject(s.file_id, 0, s.problem, "text", None) for s in staged if s.problem]
        rejects = whole + collect_rejects(self._engine, dataset, files)
        rejects = erase(rejects, self._forgotten)
        self.tally.read += sum(s.records_read for s in staged)
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
                s.tail, s.records_read, *_loaded_and_duplicate(s, bad), bad, s.problem,
            ))  # fmt: skip
            self._note_keys(dataset, file, s)
            if s.problem:
                self._progress.warn(f"{file.uri}: {s.problem}. The whole file is one reject.")
            elif not s.records_read and not file.start:
                self._empty.append(file.uri)
        columns = (
            "file_id", "uri", "dataset", "run_id", "size", "modified", "content_hash", "lines", "tail",
            "records_read", "loaded", "duplicate", "rejected", "problem",
        )  # fmt: skip
        self._engine.insert("etl_file", columns, rows)

    def _new_file(self, planned: Planned) -> NewFile:
        file, known = planned.file, planned.known
        file_id = self._next_file
        self._next_file += 1
        if planned.is_whole or known is None:
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
        lines, tail = known.lines, known.tail
        if lines is None or tail is None:
            lines, tail = measure_head(planned.file.uri, known.size)
        with open_file(planned.file.uri) as handle:
            handle.seek(max(0, known.size - 1))
            before, after = handle.read(1), handle.read(1)
        if known.size == 0 or before == b"\n":
            return known.size, lines
        if after in (b"\n", b"\r"):
            return known.size, lines - 1
        if known.is_undone:
            return tail, lines - 1
        where = {"file_id": known.file_id, "record": lines}
        cut = "file_id = :file_id AND record = :record"
        if not self._engine.query(f"SELECT COUNT(*) AS n FROM etl_reject WHERE {cut}", where).scalar():
            raise LoadError(changed_message([planned]))
        self._engine.execute(f"DELETE FROM etl_reject WHERE {cut}", where)
        for ledger, key in (("etl_file", "file_id"), ("etl_run", "run_id")):
            self._engine.execute(
                f"UPDATE {ledger} SET records_read = records_read - 1, rejected = rejected - 1 "
                f"WHERE {key} = :{key}",
                {key: getattr(known, key)},
            )
        return tail, lines - 1

    def _note_keys(self, dataset: Dataset, file: NewFile, staged: Staged) -> None:
        """Keys that would vanish without a word; a required one that is absent is a reject already."""
        if not (staged.unknown_keys or staged.absent_keys):
            return
        required = {
            json_key(column.name) if dataset == "events" else column.name
            for column in table(STAGING_TABLE[dataset]).reported
            if column.required
        }
        for key in staged.unknown_keys:
            self._keys.setdefault((key, "is not loaded: no column takes it"), []).append(file.uri)
        for key in staged.absent_keys - required:
            self._keys.setdefault((key, "is absent: its column stays empty"), []).append(file.uri)

    def _warn_of_keys(self) -> None:
        alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for (key, what), uris in sorted(self._keys.items()):
            alike.setdefault((what, tuple(uris)), []).append(key)
        for (what, places), keys in alike.items():
            others = f" and {len(places) - 1} more files" if len(places) > 1 else ""
            named = ", ".join(f'"{key}"' for key in keys)
            which = f"the key {named} {what}" if len(keys) == 1 else f"the keys {named}: each {what}"
            self._progress.warn(f"{which} (first record of {places[0]}{others}). Was it renamed?")


def _loaded_and_duplicate(staged: Staged, rejected: int) -> tuple[int | None, int | None]:
    """What became of a file's good records, before duplicates are told apart; of rows without a file, only
    the run knows."""
    return (staged.records_read - rejected, 0) if staged.has_lineage else (None, None)


def preview(engine: Engine, plan: Plan) -> list[str]:
    """The statements in which a load of this plan would hand files to another machine."""
    statements: list[str] = []
    datasets: tuple[Dataset, ...] = ("songs", "events")
    for dataset in datasets:
        files = [p.file for p in plan.of("new", "grown") if p.file.dataset == dataset]
        found = [NewFile(0, file.uri, file.uri, file.size, file.modified) for file in files]
        statements += engine.preview(dataset, found)
    return statements


def changed_message(changed: Sequence[Planned]) -> str:
    first = changed[0]
    others = f" (and {len(changed) - 1} more files)" if len(changed) > 1 else ""
    run = first.known.run_id if first.known else 0
    return (
        f"{first.file.uri}{others} changed since run {run} loaded it: nothing was loaded. "
        "`sparkify reload FILE` replaces its records, `--changed reload` those of every such file."
    )


def next_id(engine: Engine, column: str, table: str) -> int:
    """The next free number of a ledger table."""
    return int(engine.query(f"SELECT COALESCE(MAX({column}), 0) + 1 AS next_id FROM {table}").scalar())
