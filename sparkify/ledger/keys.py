"""The keys of the feed that no column takes, and those that records lack, as files had them before."""

from dataclasses import dataclass

from sparkify.engines.base import Engine, Reader, Staged, Value
from sparkify.engines.dialect import literal
from sparkify.engines.extra import TWICE
from sparkify.engines.relations import resolve
from sparkify.source.file import Dataset
from sparkify.source.scan import NO_OBJECTS

_EARLIER = "f.dataset = :dataset AND f.file_id < :file_id"
_COUNTED = (
    "SELECT k.kind, k.name, SUM(k.records) AS records FROM etl_key AS k "
    f"JOIN standing_file AS f ON f.file_id = k.file_id WHERE {_EARLIER} "
    "GROUP BY k.kind, k.name, OCTET_LENGTH(k.name)"
)
_IS_NONE = " OR ".join(f"reason LIKE {literal(why + '%')}" for why in NO_OBJECTS)
_KEYED = (
    "SELECT f.file_id, f.records - COALESCE(r.no_objects, 0) AS records FROM ("
    "SELECT COALESCE(s.replays, s.file_id) AS file_id, SUM(s.records_read) AS records "
    "FROM standing_file AS s WHERE s.dataset = :dataset AND s.file_id < :file_id AND s.problem IS NULL "
    "GROUP BY COALESCE(s.replays, s.file_id)) AS f "
    "LEFT JOIN (SELECT file_id, COUNT(*) AS no_objects FROM etl_reject "
    f"WHERE replayed_in IS NULL AND ({_IS_NONE}) GROUP BY file_id) AS r ON r.file_id = f.file_id"
)
"""Of each earlier file how many records are a JSON object: of others nobody knows which keys they had."""
_READ = f"SELECT COALESCE(SUM(k.records), 0) AS n FROM ({_KEYED}) AS k"
_GONE = (
    "WITH standing AS ("
    "SELECT f.file_id, f.records, ROW_NUMBER() OVER (ORDER BY f.file_id DESC) AS place "
    f"FROM ({_KEYED}) AS f WHERE f.records > 0), "
    "lacking AS ("
    "SELECT k.name, s.records, s.place, ROW_NUMBER() OVER (PARTITION BY k.name ORDER BY s.place) AS nth "
    "FROM etl_key AS k JOIN standing AS s ON s.file_id = k.file_id "
    "WHERE k.kind = 'absent' AND k.records >= s.records) "
    "SELECT name, SUM(records) AS records FROM lacking WHERE place = nth GROUP BY name"
)

ERASED_NAME = "there was an unknown key, whose name was erased with a forgotten listener."

ERASED_TWICE = (
    "values did not fit their columns; why was erased with a forgotten listener, as it named a key."
)


@dataclass
class History:
    """The keys of records that came before, in files that stand."""

    records: int
    """How many they were, without lines that are no JSON object."""
    unknown: set[str]
    absent: dict[str, int]
    """How many of the records lacked each key."""
    gone: dict[str, int]
    """Records of the last files that lacked a key altogether."""

    def add(self, file: Staged) -> None:
        """Count the keys of a file that comes next."""
        records = file.records_read - file.no_objects
        if not records:
            return
        self.records += records
        self.unknown.update(file.unknown_keys)
        for name, counted in file.absent_keys.items():
            self.absent[name] = self.absent.get(name, 0) + counted.records
        self.gone = {
            name: self.gone.get(name, 0) + records
            for name, counted in file.absent_keys.items()
            if counted.records >= records
        }


def read_history(reader: Reader, dataset: Dataset, file_id: int) -> History:
    """The keys of files before this one."""
    before: dict[str, Value] = {"dataset": dataset, "file_id": file_id}
    counted = reader.query(resolve(_COUNTED), before).rows
    total = reader.query(resolve(_READ), before).scalar()
    gone = reader.query(resolve(_GONE), before).rows
    return History(
        int(total),
        {name for kind, name, _ in counted if kind == "unknown"},
        {name: int(records) for kind, name, records in counted if kind == "absent"},
        {name: int(records) for name, records in gone},
    )


def add_keys(engine: Engine, file: Staged) -> None:
    """Write down the keys of a file."""
    rows = [
        (file.file_id, kind, name, counted.records, counted.first_line)
        for kind, counts in (("unknown", file.unknown_keys), ("absent", file.absent_keys))
        for name, counted in counts.items()
    ]
    engine.insert("etl_key", ("file_id", "kind", "name", "records", "first_line"), rows)


def unknown_names(reader: Reader, dataset: Dataset) -> list[str]:
    """The names of all unknown keys of these records."""
    found = reader.query(
        "SELECT DISTINCT name FROM etl_key WHERE kind = 'unknown' "
        "AND file_id IN (SELECT file_id FROM etl_file WHERE dataset = :dataset)",
        {"dataset": dataset},
    )
    return [name for (name,) in found.rows]


def remove_unknown(engine: Engine, dataset: Dataset, name: str) -> None:
    """A key of these records is not unknown any more, or must not be named."""
    engine.execute(
        "DELETE FROM etl_key WHERE kind = 'unknown' AND name = :name AND OCTET_LENGTH(name) = :size "
        "AND file_id IN (SELECT file_id FROM etl_file WHERE dataset = :dataset)",
        {"name": name, "size": len(name.encode()), "dataset": dataset},
    )


def erase_name(engine: Engine, dataset: Dataset, name: str) -> None:
    """Erase the name of an unknown key of these records, and what warnings say of it."""
    remove_unknown(engine, dataset, name)
    engine.execute(
        "UPDATE etl_warning SET message = :erased WHERE kind = 'unknown_key' AND STRPOS(message, :mark) = 1",
        {"erased": ERASED_NAME, "mark": f'unknown key "{name}" in '},
    )
    engine.execute(  # as earlier programs wrote it
        "UPDATE etl_warning SET message = :erased WHERE kind = 'misfit' AND STRPOS(message, :mark) > 0",
        {"erased": ERASED_TWICE, "mark": name + TWICE},
    )
