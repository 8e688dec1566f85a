"""The files of the ledger, part by part: a log that grew has one for each run that read on in it.

A part stands unless it was undone, or replaced by a load of its whole file: `sql/ledger/standing_file.sql`.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sparkify.engines.base import Engine, Reader
from sparkify.engines.relations import resolve
from sparkify.ledger.statements import temporary
from sparkify.source.file import Dataset


class Part(NamedTuple):
    """A part of a file, as `etl_file` holds it when it comes."""

    file_id: int
    uri: str
    dataset: str
    run_id: int
    size: int
    modified: str
    content_hash: str
    lines: int | None
    tail: int | None
    records_read: int
    loaded: int | None
    duplicate: int | None
    conflict: int | None
    rejected: int
    problem: str | None
    values_read: int | None
    values_aside: int | None
    values_erased: int | None
    replays: int | None = None


class Known(NamedTuple):
    """A part of a file, as the next load compares it with the source."""

    file_id: int
    dataset: Dataset
    run_id: int
    size: int
    modified: str
    content_hash: str
    lines: int | None
    tail: int | None
    problem: str | None
    """Why the whole file was rejected."""
    has_lineage: bool
    is_undone: bool
    """Rolled back: its content is left alone until somebody asks for it again."""
    is_tail_rejected: bool
    """Whether its last line was rejected, and no replay has loaded it."""


def add_parts(engine: Engine, parts: Sequence[Part]) -> None:
    """Write down parts of files that a run loads."""
    engine.insert("etl_file", Part._fields, parts)


def next_part(reader: Reader) -> int:
    """The number of the next part."""
    return int(reader.query("SELECT COALESCE(MAX(file_id), 0) + 1 AS next_id FROM etl_file").scalar())


def read_ledger(reader: Reader) -> dict[tuple[str, Dataset], list[Known]]:
    """The parts of each file that the ledger holds, in the order of loading, by URI and what it was read as.

    Left out are those that a load of the whole file has replaced, and rejects that were replayed.
    """
    answer = reader.query(
        "SELECT f.uri, f.file_id, f.dataset, f.run_id, f.size, f.modified, f.content_hash, f.lines, f.tail, "
        "f.problem, f.loaded IS NOT NULL AS has_lineage, f.undone_in IS NOT NULL AS is_undone, "
        "r.record IS NOT NULL AND p.file_id IS NULL AS is_tail_rejected "
        "FROM etl_file AS f LEFT JOIN etl_reject AS r ON r.file_id = f.file_id AND r.record = f.lines "
        "LEFT JOIN etl_file AS p ON p.replays = f.file_id AND p.run_id = r.replayed_in "
        "WHERE f.replaced_in IS NULL AND f.replays IS NULL ORDER BY f.file_id"
    )
    ledger: dict[tuple[str, Dataset], list[Known]] = {}
    for uri, *rest in answer.rows:
        known = Known(*rest)
        ledger.setdefault((uri, known.dataset), []).append(known)
    return ledger


def read_parts(reader: Reader, file_ids: Iterable[int]) -> list[Part]:
    """These parts as they are now, in the order of loading."""
    columns = ", ".join(Part._fields)
    rows = reader.query(f"SELECT {columns} FROM etl_file ORDER BY file_id").rows
    wanted = set(file_ids)
    return [part for row in rows if (part := Part(*row)).file_id in wanted]


def standing_logs(reader: Reader) -> list[str]:
    """The logs of which a part stands."""
    sql = "SELECT DISTINCT uri FROM standing_file WHERE dataset = 'events'"
    return [uri for (uri,) in reader.query(resolve(sql)).rows]


def replayed_parts(reader: Reader, run_id: int) -> list[int]:
    """The parts that stand of rejects which this run replayed."""
    sql = "SELECT file_id FROM standing_file WHERE run_id = :run_id AND replays IS NOT NULL"
    return [part for (part,) in reader.query(resolve(sql), {"run_id": run_id}).rows]


def replays_of(reader: Reader, parts: Collection[int]) -> list[int]:
    """The parts that stand of rejects of these which were replayed."""
    sql = "SELECT file_id, replays FROM standing_file WHERE replays IS NOT NULL ORDER BY file_id"
    wanted = set(parts)
    return [
        part for part, replays in reader.query(resolve(sql)).rows if replays in wanted and part not in wanted
    ]


def has_logs(reader: Reader) -> bool:
    """Whether any log has ever come."""
    return bool(reader.query("SELECT COUNT(*) AS n FROM etl_file WHERE dataset = 'events'").scalar())


def note_versions(engine: Engine, versions: Sequence[tuple[int, str]]) -> None:
    """Note how parts look from outside now: (file_id, modified)."""
    with temporary(engine, "new_version", {"file_id": "INTEGER", "modified": "VARCHAR(64)"}, versions):
        engine.execute(
            "UPDATE etl_file SET modified = n.modified FROM new_version AS n "
            "WHERE n.file_id = etl_file.file_id"
        )


def is_retracted(dataset: Dataset) -> str:
    """The condition of retracted records; what a plain COPY brought names no file, and goes by its run."""
    return (
        "(file_id IN (SELECT file_id FROM retracted) OR (file_id IS NULL AND run_id IN ("
        "SELECT f.run_id FROM etl_file AS f JOIN retracted AS r ON r.file_id = f.file_id "
        f"WHERE f.loaded IS NULL AND f.dataset = '{dataset}')))"
    )
