"""Keys that are not as expected: counted for each file, and warned of where the feed has changed.

A key that no column takes is told of once, when it first comes; its values are kept in `extra` however often
it does. An absent key is no news where the writer leaves nulls out; it is where the feed used to have it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sparkify.engines.base import STAGING_TABLE, Engine, KeyCount, Staged, Value
from sparkify.engines.key_tally import OTHER_KEYS
from sparkify.engines.record import RecordReader
from sparkify.errors import LoadError
from sparkify.formatting import count, listed
from sparkify.ledger.keys import History, add_keys, read_history
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
        """Where somebody is forgotten, an unknown key is told of if it stands with a record that is left."""
        self._engine = engine
        self._forgets = forgets
        self._history: dict[Dataset, History] = {}
        self.unknown: dict[str, KeyNews] = {}
        self.absent: dict[str, KeyNews] = {}
        self._new: list[str] = []

    def add(self, dataset: Dataset, file: NewFile, staged: Staged, reader: RecordReader) -> None:
        """Write the keys of one file to the ledger, and note what is news. In the order of loading."""
        if dataset not in self._history:
            self._history[dataset] = read_history(self._engine, dataset, staged.file_id)
        history = self._history[dataset]
        if staged.problem or not staged.records_read:
            return
        if self._forgets:
            own: dict[str, Value] = {"file_id": staged.file_id}
            unknown = {
                name: counted
                for name, counted in staged.unknown_keys.items()
                if has_key(self._engine, dataset, name, "file_id = :file_id", own)
            }
            staged = staged._replace(unknown_keys=unknown)
        add_keys(self._engine, staged)
        for name, counted in staged.unknown_keys.items():
            _note(self.unknown, name, file, counted)
            if name not in history.unknown:
                self._new.append(name)
        required = _required(dataset, reader) if staged.absent_keys else ()
        records = staged.records_read - staged.no_objects
        for name, counted in staged.absent_keys.items():
            if name not in required and _is_news(history, name, counted.records, records):
                _note(self.absent, name, file, _with_line(file, name, counted))
        history.add(staged)

    def warn(self, warnings: Warnings) -> None:
        """Warn of keys that are new to the feed, and of those that it used to have."""
        for name in self._new[:SHOWN]:
            one = self.unknown[name]
            warnings.add(
                "unknown_key",
                f'unknown key "{name}" in {_where(one)}: no column takes it, its values are kept in extra, '
                "or with a reject. Was it renamed?",
            )
        if hidden := len(self._new[SHOWN:]):
            at_least = "at least " if OTHER_KEYS in self._new else ""
            are = "is" if hidden == 1 and not at_least else "are"
            more = (
                f"there {are} {at_least}{count(hidden, 'more unknown key')}, kept in extra, or with a reject"
            )
            warnings.add("unknown_key", f"{more}: `sparkify ask unknown_keys` lists them.")
        together: dict[str, list[str]] = {}
        for name, one in self.absent.items():
            together.setdefault(_where(one), []).append(f'"{name}"')
        for where, names in list(together.items())[:SHOWN]:
            said = f"key {names[0]} is absent from {where}: its column stays empty. Was it renamed?"
            if len(names) > 1:
                said = (
                    f"keys {listed(names)} are absent from {where}: their columns stay empty. "
                    "Were they renamed?"
                )
            warnings.add("absent_key", f"the {said}")

    def refuse_unknown(self) -> None:
        """Raise LoadError if any record has a key that no column takes."""
        if self.unknown:
            first = next(iter(self.unknown.values()))
            raise LoadError(
                f'unknown key "{first.key}" in {_where(first)}: [ETL] UNKNOWN_KEYS = refuse. '
                "Nothing was published."
            )


def _is_news(feed: History, name: str, lacking: int, records: int) -> bool:
    """Whether it is news that so many of these records lack a key.

    A writer that leaves nulls out lacks it now and then. It is news where every record before had it,
    where a whole file lacks what earlier ones had, where next to no record of a file has it, and where of
    many small files so many records lack it that `ENOUGH` of them would have had it before.
    """
    before, gone = feed.absent.get(name, 0), feed.gone.get(name, 0)
    if feed.records >= ENOUGH and before == 0:
        return True
    if gone and before == gone and feed.records - gone >= ENOUGH:
        return False  # told when it went
    if lacking == records and gone < feed.records:
        share = 1 - (before - gone) / (feed.records - gone)
        if gone * share < ENOUGH <= (gone + records) * share and gone:
            return True
    if records < ENOUGH or gone:
        return False
    if lacking == records:
        return feed.records > 0 and before < feed.records * NEARLY_ALL
    return lacking >= records * NEARLY_ALL and before <= feed.records * NEARLY_ALL


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
