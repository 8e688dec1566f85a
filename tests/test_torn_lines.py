"""A torn line among good ones, wherever it is cut: it costs no other record a value, and is one reject."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sparkify.engines.base import Engine
from tests.builders import Source, etl, play, rows

LINES, TORN, ODD = 300, 120, 5
"""A file of so many lines is read by DuckDB's own reader; one is torn, and one holds what no column takes."""
RECORD: dict[str, Any] = play(0, registration=None, length=None, userId="15")
NO_RECORDS = (b'{"artist": "Bj', b"[1, 2]", b'{"level": "\xff"}', b'{"level": "' + b"x" * (4 << 20) + b'"}')
KEYS = ("artist", "registration", "length", "itemInSession", "userId")


def cuts(separators: tuple[str, str]) -> list[bytes]:
    """The record cut at its beginning and around some keys: before null, within it, behind it."""
    whole = json.dumps(RECORD, separators=separators).encode()
    ends = {1, 2, 3, len(whole) - 1}
    for key in KEYS:
        at = whole.index(f'"{key}":'.encode()) + len(key) + 2
        ends |= {*range(at - 1, at + 8)}
    return [whole[:end] for end in sorted(ends) if end < len(whole)]


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")], ids=["compact", "spaced"])
@pytest.mark.parametrize("odd", ["unknown", "twice", "none"])
def test_a_line_that_is_torn_anywhere_costs_no_other_record_a_value(
    warehouse: Engine, source: Source, odd: str, separators: tuple[str, str]
) -> None:
    torn = cuts(separators)
    for number, cut in enumerate(torn):
        plays = [play(item, sessionId=1000 + number) for item in range(LINES)]
        lines = [json.dumps(one, separators=separators).encode() for one in plays]
        more = {"unknown": b'{"deviceId"%s"kept",', "twice": b'{"level"%s"kept",', "none": b"{"}[odd]
        lines[ODD] = lines[ODD].replace(b"{", more.replace(b"%s", separators[1].encode()), 1)
        lines[TORN] = cut
        source.write(source.folder / "log_data" / f"{number:03}.json", b"\n".join(lines) + b"\n")

    summary = etl(warehouse, source.folder)

    assert (summary.records.read, summary.records.rejected) == (LINES * len(torn), len(torn))
    kept = {
        "unknown": '{"deviceId":"kept"}',
        "twice": '{"_set_aside":[{"key":"level","value":"kept","reason":"level is given twice"}]}',
        "none": None,
    }[odd]
    said = "SELECT extra, COUNT(*) AS n FROM stg_events WHERE record = 6 GROUP BY 1"
    assert rows(warehouse, said) == [(kept, len(torn))]
    keys = "SELECT kind, name, SUM(records) AS n FROM etl_key GROUP BY 1, 2"
    assert rows(warehouse, keys) == ([("unknown", "deviceId", len(torn))] if odd == "unknown" else [])
    assert {one.kind for one in summary.warnings} <= {"unknown_key", "misfit"}


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")], ids=["compact", "spaced"])
def test_a_key_that_is_absent_beside_a_torn_line_is_counted_without_it(
    warehouse: Engine, source: Source, separators: tuple[str, str]
) -> None:
    torn = cuts(separators)[::3]
    for number, cut in enumerate(torn):
        plays = [play(item, sessionId=1000 + number) for item in range(LINES)]
        for one in plays[:7]:
            del one["level"]
        lines = [json.dumps(one, separators=separators).encode() for one in plays]
        lines[TORN] = cut
        source.write(source.folder / "log_data" / f"{number:03}.json", b"\n".join(lines) + b"\n")

    etl(warehouse, source.folder)

    keys = "SELECT kind, name, SUM(records) AS n, COUNT(*) AS files FROM etl_key GROUP BY 1, 2"
    assert rows(warehouse, keys) == [("absent", "level", 7 * len(torn), len(torn))]


@pytest.mark.parametrize("size", [900, 99], ids=["read by DuckDB", "gathered"])
@pytest.mark.parametrize("line", NO_RECORDS, ids=["torn", "a list", "not UTF-8", "too long"])
def test_a_line_that_is_no_record_says_nothing_of_keys(
    new_warehouse: Callable[[], Engine], source: Source, line: bytes, size: int
) -> None:
    def write(day: int, *without: str) -> None:
        plays = [play(item, sessionId=day) for item in range(size)]
        lines = [json.dumps({k: v for k, v in one.items() if k not in without}).encode() for one in plays]
        source.write(source.folder / "log_data" / f"{day}.json", b"\n".join([*lines, line]) + b"\n")

    def told(engine: Engine) -> list[tuple[str, int]]:
        return [(one.key, one.records) for one in etl(engine, source.folder).absent_keys]

    at_once, daily = new_warehouse(), new_warehouse()
    said = []
    for day in range(1, 7):
        write(day, "location", *(["level"] if day >= 5 else []))
        said += told(daily)
    assert told(at_once) == said == [("level", size)]
