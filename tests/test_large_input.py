"""What is bad beyond the size of one read: very long lines, and what lies across the border of two reads."""

import json

import pytest

from sparkify.engines.base import Engine
from sparkify.engines.reading import CHUNK
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


def test_a_null_character_across_two_reads_is_found(duckdb_warehouse: Engine, source: Source) -> None:
    mark = json.dumps(play(1, song="AB")).encode().replace(b"AB", b"A\\u0000B")
    before = mark.index(b"\\u0000")
    filler = json.dumps(play(0)).encode()
    body = b"\n".join([filler] * (CHUNK // (len(filler) + 1) - 1))
    blanks = CHUNK - 3 - before - len(body) - 1
    content = body + b" " * blanks + b"\n" + mark + b"\n" + json.dumps(play(2)).encode()
    assert content[CHUNK - 3 : CHUNK + 3] == b"\\u0000"
    source.write(source.folder / "log_data" / "2018-11-01-events.json", content)

    summary = etl(duckdb_warehouse, source.folder)

    assert summary.records.rejected == 1
    assert rows(duckdb_warehouse, "SELECT reason FROM etl_reject") == [("holds a null character",)]
