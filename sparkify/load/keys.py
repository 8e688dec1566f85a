"""Keys that are not as expected: counted for each file, and warned of where the feed has changed.

A key that no column takes is told of once, when it first comes; its values are kept in `extra` however often
it does. An absent key is no news where the writer leaves nulls out; it is where the feed used to have it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sparkify.engines.base import STAGING_TABLE, Engine, KeyCount, Staged, Value
from sparkify.engines.record import RecordReader
from sparkify.engines.relations import resolve
from sparkify.errors import LoadError
from sparkify.formatting import count
from sparkify.load.notices import Warnings
from sparkify.load.traces import has_key
from sparkify.source.file import Dataset, NewFile
from sparkify.source.scan import records
from sparkify.sql.schema import table

SHOWN = 10
"""Keys that are named one by one."""
ENOUGH = 100
"""Records after which it is no accident that all of them have a key, or none."""
NEARLY_ALL = 0.99


@dataclass
class KeyNews:
    """A key over all files of a run; `as_dict` is how the summary prints it."""

    key: str
    records: int
    first_file: str
    first_line: int | None
    files: int = 1

    def as_dict(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("key", "records", "first_file", "first_line")}


class KeyReport:
    """The unknown and absent keys of a run's files."""

    def __init__(self, engine: Engine, *, forgets: bool = False) -> None:
        """Where somebody is forgotten, an unknown key is told of if it stands with an event that is left."""
        self._engine = engine
        self._forgets = forgets
        self._known: dict[Dataset, set[str]] = {}
        """Unknown keys that earlier files had."""
        self._history: dict[Dataset, _History] = {}
        self.unknown: dict[str, KeyNews] = {}
        self.absent: dict[str, KeyNews] = {}
        self._new: list[str] = []

    def add(self, dataset: Dataset, file: NewFile, staged: Staged, reader: RecordReader) -> None:
        """Write the keys of one file to `etl_key`, and note what is news. In the order of loading."""
        if dataset not in self._known:
            self._known[dataset], self._history[dataset] = self._read_before(dataset, staged.file_id)
        if staged.problem or not staged.records_read:
            return
        if self._forgets and dataset == "events":
            own: dict[str, Value] = {"file_id": staged.file_id}
            unknown = {
                name: counted
                for name, counted in staged.unknown_keys.items()
                if has_key(self._engine, name, "file_id = :file_id", own)
            }
            staged = staged._replace(unknown_keys=unknown)
        rows = [
            (staged.file_id, kind, name, counted.records, counted.first_line)
            for kind, counts in (("unknown", staged.unknown_keys), ("absent", staged.absent_keys))
            for name, counted in counts.items()
        ]
        if rows:
            self._engine.insert("etl_key", ("file_id", "kind", "name", "records", "first_line"), rows)
        for name, counted in staged.unknown_keys.items():
            _note(self.unknown, name, file, counted)
            if name not in self._known[dataset]:
                self._known[dataset].add(name)
                self._new.append(name)
        history = self._history[dataset]
        required = _required(dataset, reader) if staged.absent_keys else ()
        for name, counted in staged.absent_keys.items():
            if name not in required and history.misses(name, counted.records, staged.records_read):
                _note(self.absent, name, file, _with_line(file, name, counted))
        history.add(staged)

    def warn(self, warnings: Warnings) -> None:
        """Warn of keys that are new to the feed, and of those that it used to have."""
        for name in self._new[:SHOWN]:
            one = self.unknown[name]
            warnings.add(
                "unknown_key",
                f'unknown key "{name}" in {_where(one)}: no column takes it, its values are kept in extra. '
                "Was it renamed?",
            )
        if self._new[SHOWN:]:
            more = count(len(self._new) - SHOWN, "more unknown key")
            warnings.add("unknown_key", f"there are {more}, kept in extra: the table etl_key lists them.")
        for name, one in list(self.absent.items())[:SHOWN]:
            warnings.add(
                "absent_key",
                f'the key "{name}" is absent from {_where(one)}: its column stays empty. Was it renamed?',
            )

    def refuse_unknown(self) -> None:
        """Raise LoadError if any record has a key that no column takes."""
        if self.unknown:
            first = next(iter(self.unknown.values()))
            raise LoadError(
                f'unknown key "{first.key}" in {_where(first)}: [ETL] UNKNOWN_KEYS = refuse. '
                "Nothing was published."
            )

    def _read_before(self, dataset: Dataset, file_id: int) -> "tuple[set[str], _History]":
        """(unknown keys of earlier files, what records had before), as the ledger has them."""
        stands = "f.dataset = :dataset AND f.file_id < :file_id"
        params = {"dataset": dataset, "file_id": file_id}
        counted = self._engine.query(
            resolve(
                "SELECT k.kind, k.name, SUM(k.records) AS records FROM etl_key AS k "
                f"JOIN standing_file AS f ON f.file_id = k.file_id WHERE {stands} "
                "GROUP BY k.kind, k.name, OCTET_LENGTH(k.name)"
            ),
            params,
        ).rows
        total = self._engine.query(
            resolve(f"SELECT COALESCE(SUM(f.records_read), 0) AS n FROM standing_file AS f WHERE {stands}"),
            params,
        ).scalar()
        gone = self._engine.query(
            resolve(
                "WITH standing AS ("
                "SELECT f.file_id, f.records_read, ROW_NUMBER() OVER (ORDER BY f.file_id DESC) AS place "
                f"FROM standing_file AS f WHERE {stands} AND f.records_read > 0), "
                "lacking AS ("
                "SELECT k.name, s.records_read, s.place, "
                "ROW_NUMBER() OVER (PARTITION BY k.name ORDER BY s.place) AS nth "
                "FROM etl_key AS k JOIN standing AS s ON s.file_id = k.file_id "
                "WHERE k.kind = 'absent' AND k.records >= s.records_read) "
                "SELECT name, SUM(records_read) AS records FROM lacking WHERE place = nth GROUP BY name"
            ),
            params,
        ).rows
        absent = {name: int(records) for kind, name, records in counted if kind == "absent"}
        unknown = {name for kind, name, _ in counted if kind == "unknown"}
        return unknown, _History(int(total), absent, {name: int(records) for name, records in gone})


@dataclass
class _History:
    """How many records of a feed came before, and how many of them lacked each key."""

    records: int
    absent: dict[str, int]
    gone: dict[str, int]
    """Records of the last files that lacked a key altogether."""

    def misses(self, name: str, lacking: int, records: int) -> bool:
        """Whether it is news that so many of these records lack a key.

        A writer that leaves nulls out lacks it now and then. It is news where every record before had it,
        where a whole file lacks what earlier ones had, where next to no record of a file has it, and where of
        many small files so many records lack it that `ENOUGH` of them would have had it before.
        """
        before, gone = self.absent.get(name, 0), self.gone.get(name, 0)
        if self.records >= ENOUGH and before == 0:
            return True
        if lacking == records and gone < self.records:
            share = 1 - (before - gone) / (self.records - gone)
            if gone * share < ENOUGH <= (gone + records) * share and gone:
                return True
        if records < ENOUGH or gone:
            return False
        if lacking == records:
            return self.records > 0 and before < self.records * NEARLY_ALL
        return lacking >= records * NEARLY_ALL and before <= self.records * NEARLY_ALL

    def add(self, staged: Staged) -> None:
        self.records += staged.records_read
        for name, counted in staged.absent_keys.items():
            self.absent[name] = self.absent.get(name, 0) + counted.records
        self.gone = {
            name: self.gone.get(name, 0) + staged.records_read
            for name, one in staged.absent_keys.items()
            if one.records >= staged.records_read
        }


def _note(found: dict[str, KeyNews], name: str, file: NewFile, counted: KeyCount) -> None:
    if known := found.get(name):
        known.records += counted.records
        known.files += 1
    else:
        found[name] = KeyNews(name, counted.records, file.uri, counted.first_line)


def _with_line(file: NewFile, name: str, counted: KeyCount) -> KeyCount:
    """The count with the first line, found now if nobody has looked for it."""
    if counted.first_line is not None:
        return counted
    mark = f'"{name}"'.encode()
    line = next((number for number, text in records(file) if mark not in text), None)
    return counted._replace(first_line=line)


def _required(dataset: Dataset, reader: RecordReader) -> Mapping[str, str]:
    """Keys without which a record is rejected, so that their absence is told already."""
    return {reader.keys[c.name]: c.name for c in table(STAGING_TABLE[dataset]).reported if c.required}


def _where(one: KeyNews) -> str:
    line = f" line {one.first_line}" if one.first_line else ""
    more = f" and {count(one.files - 1, 'more file')}" if one.files > 1 else ""
    return f"{count(one.records, 'record')}, first in {one.first_file}{line}{more}"
