"""What is bad beyond the size of one read: very long lines, and what lies across the border of two reads."""

import gzip
import json
import tracemalloc
from collections.abc import Sequence
from typing import Any

import pytest

from sparkify.engines.base import Engine
from sparkify.engines.duckdb.raw import RawTables
from sparkify.source import tally
from sparkify.source.file import NewFile
from sparkify.source.scan import CHUNK, records
from sparkify.source.tally import BUFFER, LONGEST_RECORD
from tests.builders import Source, etl, play, rows


@pytest.mark.parametrize("before", [0, 9000], ids=["first", "in the middle"])
def test_a_record_that_redshift_would_not_take_is_not_taken_here(
    duckdb_warehouse: Engine, source: Source, before: int
) -> None:
    long = json.dumps(play(1) | {"notes": "x" * (5 << 20)})
    source.log(*(play(10 + item) for item in range(before)), long, play(0))

    etl(duckdb_warehouse, source.folder)

    [(record, reason)] = rows(duckdb_warehouse, "SELECT record, reason FROM etl_reject")
    assert (record, reason.partition(" (")[0]) == (before + 1, "longer than 4 MB")


def test_a_line_too_long_for_the_reader_takes_no_other_down(duckdb_warehouse: Engine, source: Source) -> None:
    source.log(play(0), play(1, song="x" * (13 << 20)), play(2))

    summary = etl(duckdb_warehouse, source.folder)

    assert summary.records.loaded == 2
    [(record, reason)] = rows(duckdb_warehouse, "SELECT record, reason FROM etl_reject")
    assert (record, reason.partition(" (")[0]) == (2, "longer than 4 MB")


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_no_line_fills_the_memory_and_none_takes_another_down(
    duckdb_warehouse: Engine, source: Source, packed: bool
) -> None:
    body = b"\n".join((
        json.dumps(play(0)).encode(), b'{"song": "' + b"x" * (200 << 20), json.dumps(play(1)).encode(),
        b" " * (LONGEST_RECORD + 1) + b"no record", b" " * 99 + json.dumps(play(2)).encode(),
    ))  # fmt: skip
    log = source.log(gzip.compress(body, 1) if packed else body)
    file = NewFile(1, str(log), str(log), log.stat().st_size, "")
    del body

    tracemalloc.start()
    assert [number for number, _ in records(file)] == [1, 2, 3, 4, 5]
    summary = etl(duckdb_warehouse, source.folder)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 64 << 20
    assert (summary.records.read, summary.records.loaded) == (5, 3)
    told = rows(duckdb_warehouse, "SELECT record, reason FROM etl_reject ORDER BY record")
    assert [(record, reason[:36]) for record, reason in told] == [
        (number, "longer than 4 MB (first 4,194,305 by") for number in (2, 4)
    ]


@pytest.mark.parametrize("at", [-6, -3, -1, 0, 1000])
def test_a_null_character_is_found_wherever_a_read_ends(
    duckdb_warehouse: Engine, source: Source, at: int
) -> None:
    mark = json.dumps(play(1, song="AB")).encode().replace(b"AB", b"A\\u0000B")
    before = mark.index(b"\\u0000")
    filler = json.dumps(play(0)).encode()
    body = b"\n".join([filler] * (CHUNK // (len(filler) + 1) - 1))
    blanks = CHUNK + at - before - len(body) - 1
    content = body + b" " * blanks + b"\n" + mark + b"\n" + json.dumps(play(2)).encode()
    assert content[CHUNK + at : CHUNK + at + 6] == b"\\u0000"
    source.write(source.folder / "log_data" / "2018-11-01-events.json", content)

    summary = etl(duckdb_warehouse, source.folder)

    assert summary.records.rejected == 0
    [(song, extra)] = rows(duckdb_warehouse, "SELECT song, extra FROM stg_events WHERE extra IS NOT NULL")
    assert (song, json.loads(extra)) == (
        None, {"_set_aside": [{"key": "song", "value": "A\0B", "reason": "song holds a null character"}]},
    )  # fmt: skip


def test_a_last_line_without_an_end_is_whole_wherever_the_readers_buffers_end(
    duckdb_warehouse: Engine, source: Source
) -> None:
    line = json.dumps(play(0)).encode()
    lines = 0
    for day, size in enumerate((BUFFER + 1, BUFFER + 300, 2 * BUFFER + 2), 1):
        count = size // (len(line) + 1)
        body = b"\n".join([line] * count)
        padded = line + b" " * (size - len(body)) + body[len(line) :]
        assert (len(padded), padded[-1:]) == (size, b"}")
        source.write(source.folder / "log_data" / f"2018-11-0{day}-events.json", padded)
        lines += count

    summary = etl(duckdb_warehouse, source.folder)

    assert (summary.records.read, summary.records.rejected) == (lines, 0)


def test_rows_that_find_no_lines_are_taken_back_and_read_with_care(
    duckdb_warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = json.dumps(play(0)).encode()
    size = BUFFER + 1  # here the reader loses the last row altogether, if it is let
    monkeypatch.setattr(tally, "BUFFER", 1 << 60)
    body = b"\n".join([line] * (size // (len(line) + 1)))
    source.write(
        source.folder / "log_data" / "2018-11-01-events.json",
        line + b" " * (size - len(body)) + body[len(line) :],
    )

    summary = etl(duckdb_warehouse, source.folder)

    lines = body.count(b"\n") + 1
    assert (summary.records.read, summary.records.rejected) == (lines, 0)
    assert rows(duckdb_warehouse, "SELECT COUNT(*) AS n, COUNT(DISTINCT record) AS d FROM stg_events") == [
        (lines, lines)
    ]


def test_good_rows_around_bad_ones_are_kept_and_find_their_lines(
    duckdb_warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    sql = RawTables.sql

    def noting(raw: RawTables, text: str, values: Sequence[Any] = ()) -> Any:
        said.append(text)
        return sql(raw, text, values)

    monkeypatch.setattr(RawTables, "sql", noting)
    good = [play(item, sessionId=1) for item in range(400)]
    source.log(*good[:100], "{broken", *good[100:200], "", play(5, ts="soon"), *good[200:], "[1]")
    source.log(*(play(item, sessionId=2) for item in range(400)), day="2018-11-02")

    etl(duckdb_warehouse, source.folder)

    lines = [*range(1, 101), *range(102, 202), *range(204, 404)]
    assert rows(
        duckdb_warehouse, "SELECT record, item_in_session FROM stg_events WHERE session_id = 1 ORDER BY 2"
    ) == [(line, item) for item, line in enumerate(lines)]
    assert rows(duckdb_warehouse, "SELECT record FROM etl_reject ORDER BY record") == [(101,), (203,), (404,)]
    assert [text for text in said if text.startswith("INSERT INTO stg_events")] != []
    assert [text for text in said if text.startswith("DELETE FROM stg_events")] == []
