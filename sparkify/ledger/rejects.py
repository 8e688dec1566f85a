"""The rejects of the ledger: records that could not be loaded, with their file, line, reason and text."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sparkify.engines.base import STAGING_TABLE, Engine, Reader, Value
from sparkify.ledger.counts import count_rejects
from sparkify.ledger.digests import Changes
from sparkify.ledger.statements import run, temporary
from sparkify.source.file import Dataset, batches
from sparkify.source.tally import LONGEST_RECORD

AT_ONCE, BESIDE = 16 << 20, 500
"""Bytes of texts that are held at once, and of what is beside each."""
KEPT = 65_535
"""Bytes of a record that are kept whole, as etl_reject holds them; base64 makes 4 bytes of 3."""

_COLUMNS = "r.file_id, r.record, r.reason, r.encoding, r.raw_text"


@dataclass(frozen=True)
class Reject:
    """One record that was rejected, or with record 0 a whole file."""

    file_id: int
    record: int
    reason: str
    encoding: str
    raw_text: str | None

    @property
    def place(self) -> str:
        return f"record {self.record}" if self.record else "whole file"


def keep(file_id: int, record: int, reason: str, line: bytes) -> Reject:
    """A reject with as much of its text as is kept."""
    if len(line) <= KEPT and (text := _clean_text(line)) is not None:
        return Reject(file_id, record, reason, "text", text)
    if len(line) <= KEPT // 4 * 3:
        return Reject(file_id, record, reason, "base64", base64.b64encode(line).decode())
    head = base64.b64encode(line[: KEPT // 4 * 3]).decode()
    known = "first " if len(line) > LONGEST_RECORD else ""
    digest = hashlib.sha256(line).hexdigest()
    return Reject(file_id, record, f"{reason} ({known}{len(line):,} bytes, SHA-256 {digest})", "head", head)


def decoded(encoding: str, raw_text: str) -> bytes:
    """The bytes that a reject's text stands for."""
    return raw_text.encode() if encoding == "text" else base64.b64decode(raw_text)


def add_rejects(engine: Engine, run_id: int, rejects: Sequence[Reject]) -> None:
    """Write down the rejects of a run."""
    columns = ("run_id", "file_id", "record", "reason", "encoding", "raw_text")
    rows = [(run_id, r.file_id, r.record, r.reason, r.encoding, r.raw_text) for r in rejects]
    engine.insert("etl_reject", columns, rows)


def read_rejects(
    reader: Reader, dataset: Dataset, run_id: int | None = None, *, replayed: bool = True
) -> Iterator[list[Reject]]:
    """The rejects of every run or of one in the order of their files, some megabytes of text at a time.

    Those that were loaded after all are among them, unless `replayed` is false.
    """
    which = "JOIN etl_file AS f ON f.file_id = r.file_id WHERE f.dataset = :dataset"
    params: dict[str, Value] = {"dataset": dataset}
    if run_id is not None:
        which, params = which + " AND r.run_id = :run", params | {"run": run_id}
    if not replayed:
        which += " AND r.replayed_in IS NULL"
    places = reader.query(
        "SELECT r.file_id, r.record, COALESCE(OCTET_LENGTH(r.raw_text), 0) AS bytes "
        f"FROM etl_reject AS r {which} ORDER BY r.file_id, r.record",
        params,
    ).rows
    between = (
        " AND (r.file_id > :first_file OR (r.file_id = :first_file AND r.record >= :first_record))"
        " AND (r.file_id < :last_file OR (r.file_id = :last_file AND r.record <= :last_record))"
    )
    for page in batches(places, lambda place: place[2] + BESIDE, AT_ONCE):
        (first_file, first_record, _), (last_file, last_record, _) = page[0], page[-1]
        ends: dict[str, Value] = {
            "first_file": first_file, "first_record": first_record,
            "last_file": last_file, "last_record": last_record,
        }  # fmt: skip
        sql = f"SELECT {_COLUMNS} FROM etl_reject AS r {which}{between} ORDER BY r.file_id, r.record"
        yield [Reject(*row) for row in reader.query(sql, params | ends).rows]


def revise_reasons(engine: Engine, rejects: Iterable[Reject]) -> None:
    """Rejects that stay rejects, for what is wrong with them now."""
    _revise(engine, "etl_reject_revalidated", rejects)


def erase_texts(engine: Engine, rejects: Iterable[Reject], changes: Changes) -> None:
    """Delete the text of these rejects, and keep what is left of their reasons."""
    with changes.of("etl_reject"):
        _revise(engine, "etl_reject_erase", rejects)


def mark_replayed(engine: Engine, dataset: Dataset, run_id: int) -> None:
    """Rejects that this run has loaded after all are known, in case that it is undone."""
    engine.execute(
        "UPDATE etl_reject SET replayed_in = :run FROM ("
        f"SELECT f.replays AS file_id, s.record FROM {STAGING_TABLE[dataset]} AS s "
        "JOIN etl_file AS f ON f.file_id = s.file_id WHERE s.run_id = :run AND f.replays IS NOT NULL"
        ") AS passed WHERE passed.file_id = etl_reject.file_id AND passed.record = etl_reject.record",
        {"run": run_id},
    )


def supersede(engine: Engine, run_id: int, places: Sequence[tuple[int, int]], changes: Changes) -> None:
    """Rejects at these (part, line) give way to what this run reads there, until it is undone.

    It is a line that goes on, or line 0: a file that was rejected as a whole.
    """
    if not places:
        return
    at = "s.file_id = {0}.file_id AND s.record = {0}.record"
    with temporary(engine, "superseded", {"file_id": "INTEGER", "record": "INTEGER"}, places):
        these = f"SELECT j.* FROM etl_reject AS j JOIN superseded AS s ON {at.format('j')}"
        with changes.of("etl_reject", these):
            gone = engine.execute(
                "UPDATE etl_reject SET replayed_in = :run FROM superseded AS s "
                f"WHERE {at.format('etl_reject')} AND etl_reject.replayed_in IS NULL",
                {"run": run_id},
            )
        if gone:
            count_rejects(engine)


def _revise(engine: Engine, statement: str, rejects: Iterable[Reject]) -> None:
    columns = {"file_id": "INTEGER", "record": "INTEGER", "reason": "VARCHAR(256)"}
    with temporary(engine, "revalidated", columns, [(r.file_id, r.record, r.reason) for r in rejects]):
        run(engine, statement)


def _clean_text(line: bytes) -> str | None:
    """The line as text if a database can hold it and a terminal can show it."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if all(c.isprintable() or c == "\t" for c in text) else None
