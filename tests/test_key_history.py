"""Absent and unknown keys are told of alike, however a file is read and whatever was done since."""

import gzip
import json
from collections.abc import Callable

import pytest

from sparkify.engines.base import Engine
from sparkify.load.replay import replay
from tests.builders import Noting, Record, Source, etl, play, rows

MANY = 120


def lines(session: int, *without: str, many: int = MANY, **more: object) -> list[bytes]:
    """Plays as an app writes them that has no such key."""

    def written(item: int) -> Record:
        one = play(item, sessionId=session) | more
        return {key: value for key, value in one.items() if key not in without}

    return [json.dumps(written(item)).encode() for item in range(many)]


def load(warehouse: Engine, source: Source, day: int, *content: bytes, end: bytes = b"\n") -> list[str]:
    """The keys whose absence is told of when this log comes."""
    log = source.folder / "log_data" / f"2018-11-{day:02}-events.json"
    source.write(log, b"\n".join(content) + end)
    return [one.key for one in etl(warehouse, source.folder).absent_keys]


def test_a_torn_line_that_came_whole_is_a_record_that_had_its_keys(warehouse: Engine, source: Source) -> None:
    whole = lines(1, many=100)
    load(warehouse, source, 1, *whole[:99], whole[99][:-20], end=b"")
    load(warehouse, source, 1, *whole)

    assert load(warehouse, source, 2, *lines(2, "userAgent", many=3)) == ["userAgent"]


def test_records_that_were_validated_again_are_those_of_their_file(warehouse: Engine, source: Source) -> None:
    rejected = lines(3, "userAgent", many=1, ts=1)
    load(warehouse, source, 1, *lines(1))
    assert load(warehouse, source, 2, *lines(2, "userAgent"), *rejected) == ["userAgent"]
    warehouse.execute(
        "UPDATE etl_reject SET raw_text = REPLACE(raw_text, '\"ts\": 1,', '\"ts\": 1541073600,')"
    )
    watching = Noting()

    assert replay(warehouse, None, watching).records.read == 1

    assert [text for text in watching.notes if "ts is in seconds in" in text]
    assert load(warehouse, source, 3, *lines(4, "userAgent")) == []


@pytest.mark.parametrize("depth", [250, 150, 600, 2_000, 100_000])
def test_the_keys_of_a_record_that_lies_too_deep_are_known_or_not_now_and_later(
    warehouse: Engine, source: Source, depth: int
) -> None:
    deep = lines(3, "userAgent", many=1)[0][:-1] + b', "deep": ' + b"[" * depth + b"]" * depth + b"}"
    load(warehouse, source, 1, *lines(1))

    assert load(warehouse, source, 2, *lines(2, "userAgent"), deep) == ["userAgent"]
    assert load(warehouse, source, 3, *lines(4, "userAgent")) == []


@pytest.mark.parametrize("size", [900, 120], ids=["read by DuckDB", "gathered"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("right", [1, 0], ids=["all but the last", "every record"])
def test_a_key_that_gives_way_to_one_of_nulls_is_told_of_however_it_is_read(
    warehouse: Engine, source: Source, size: int, pack: Callable[[bytes], bytes], right: int
) -> None:
    written = [*lines(1, "status", many=size - right, statuz=None), *lines(2, many=right)]
    name = f"2018-11-01-events.json{'.gz' if pack is gzip.compress else ''}"
    source.write(source.folder / "log_data" / name, pack(b"\n".join(written) + b"\n"))

    summary = etl(warehouse, source.folder)

    assert [(one.key, one.records) for one in summary.unknown_keys] == [("statuz", size - right)]
    assert rows(warehouse, "SELECT name, records FROM etl_key WHERE kind = 'absent'") == [
        ("status", size - right)
    ]


def test_a_key_of_nulls_beside_a_first_record_that_lacks_another_is_told_of(
    warehouse: Engine, source: Source
) -> None:
    written = [*lines(1, "status", many=1), *lines(2, many=1, statuz=None), *lines(3, many=900)]
    source.log(*written)

    assert [(one.key, one.records) for one in etl(warehouse, source.folder).unknown_keys] == [("statuz", 1)]


@pytest.mark.parametrize("junk", [1_000, 999, 1_200])
@pytest.mark.parametrize("text", [b"junk", b"[]", b'"userAgent"'])
def test_however_many_lines_are_no_record_no_key_is_absent_from_them(
    warehouse: Engine, source: Source, text: bytes, junk: int
) -> None:
    written = [*lines(1, many=300), *[text] * junk]

    assert load(warehouse, source, 1, *written) == []
    assert rows(warehouse, "SELECT COUNT(*) FROM etl_key") == [(0,)]
