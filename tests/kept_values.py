"""Loads logs, and compares what a warehouse keeps of them with the oracle."""

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from sparkify.config import S3
from sparkify.engines.base import Engine
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.ledger.rejects import decoded
from sparkify.load.feed import Feed
from sparkify.load.run import MaxRejects, load
from sparkify.load.tables import create_tables
from sparkify.source.listing import list_source
from tests import values_oracle as oracle
from tests.builders import Noting, rows
from tests.odd_logs import CHANGES, LINES

NOW = dt.datetime(2026, 11, 28, 12)
FEED = Feed(refuses_rejected_files=False, clock=lambda: NOW)
LARGE = 230
"""So many records are more than 64 KB, below which a file is read record by record."""


def read(engine: Engine, source: str | Path) -> None:
    """One run that refuses nothing."""
    load(engine, list_source(S3(source=str(source))), MaxRejects.parse("1000000"), Noting(), feed=FEED)


def in_folder(folder: Path, bodies: list[bytes], kind: str = "log_data") -> None:
    for number, body in enumerate(bodies):
        packed = body.startswith(b"\x1f\x8b")
        file = folder / kind / f"{number:03}.json{'.gz' if packed else ''}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)


def memory() -> DuckDB:
    engine = DuckDB(":memory:")
    create_tables(engine)
    return engine


def staged(engine: Engine, table: str = "stg_events") -> dict[tuple[str, int], dict[str, Any]]:
    """Each staged record by file and line."""
    answer = engine.query(
        f"SELECT f.uri, t.* FROM {table} AS t JOIN etl_file AS f ON f.file_id = t.file_id ORDER BY 1, 2, 3, 4"
    )
    found = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    by_place = {(row["uri"].rpartition("/")[2], row["record"]): row for row in found}
    assert len(by_place) == len(found), "two rows say that they are of one line"
    return by_place


def refused(engine: Engine) -> dict[tuple[str, int], tuple[str, str, str]]:
    """Reason, encoding and text of each reject by file and line."""
    found = rows(
        engine,
        "SELECT f.uri, r.record, r.reason, r.encoding, r.raw_text FROM etl_reject AS r "
        "JOIN etl_file AS f ON f.file_id = r.file_id",
    )
    by_place = {(uri.rpartition("/")[2], record): tuple(more) for uri, record, *more in found}
    assert len(by_place) == len(found), "one line is rejected twice"
    return by_place


def assert_conserved(engine: Engine, bodies: dict[str, bytes], rules: dict[str, oracle.Rule]) -> int:
    """Every value of these files is where it must be; how many values that are."""
    table = "stg_events" if rules is oracle.EVENTS else "stg_songs"
    held, rejected = staged(engine, table), refused(engine)
    counted = {
        uri.rpartition("/")[2]: tuple(counts)
        for uri, *counts in rows(engine, "SELECT uri, values_read, values_aside, values_erased FROM etl_file")
    }
    total, places = 0, set()
    for name, body in bodies.items():
        values = aside = 0
        for number, expected in oracle.validate(body, NOW, rules).items():
            place = name, number
            places.add(place)
            shown = f"{name} line {number}: {expected.line[:2000]!r}"
            if expected.is_rejected:
                assert place in rejected, f"not rejected: {shown}"
                assert place not in held, f"rejected and staged: {shown}"
                _, encoding, text = rejected[place]
                kept = decoded(encoding, text)
                whole = expected.line if encoding != "head" else expected.line[: len(kept)]
                assert kept == whole and kept, f"the text of the reject is another: {shown}"
                continue
            assert place in held, f"not staged ({rejected.get(place)}): {shown}"
            assert place not in rejected, f"rejected and staged: {shown}"
            assert_same(held[place], expected, shown, rules)
            values += expected.values
            aside += len(expected.unknown) + sum(expected.aside.values())
        assert counted[name] == (values, aside, 0), f"{name} holds {values} values, {aside} of them aside"
        total += values
    assert set(held) | set(rejected) == places, "there is a row for no line"
    return total


def assert_same(
    row: dict[str, Any], expected: oracle.Expected, shown: str, rules: dict[str, oracle.Rule]
) -> None:
    for rule in rules.values():
        value, wanted = row[rule.column], expected.columns.get(rule.column)
        assert oracle.is_same(value, wanted), f"{rule.column} is {value!r}, not {wanted!r}: {shown}"
    unknown, aside = oracle.opened(row["extra"])
    assert unknown == {key: oracle.plain(value) for key, value in expected.unknown.items()}, shown
    assert aside == expected.aside, shown


def conserve(bodies: list[bytes]) -> int:
    """Load these logs, and see that all is there."""
    engine = memory()
    with tempfile.TemporaryDirectory() as folder:
        in_folder(Path(folder), bodies)
        read(engine, folder)
    try:
        return assert_conserved(
            engine, {f"{n:03}.json": body for n, body in enumerate(bodies)}, oracle.EVENTS
        )
    finally:
        engine.close()


KINDS = [*CHANGES, *LINES]
"""Of what can be odd about a log."""
