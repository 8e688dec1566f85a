"""Values, one by one: each in its column, or in `extra` with the reason; keys that no column takes."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from sparkify.ask.questions import ask, find_question
from sparkify.engines.base import Engine
from sparkify.errors import LoadError
from sparkify.load.feed import Feed
from sparkify.load.fitting import why_misfit
from sparkify.sql.schema import table
from tests.builders import EACH_LANE, Noting, Record, Source, etl, play, rejects, rows, song
from tests.test_bad_input import WRONG_CLOCK

MISFITS: list[tuple[str, Any, str]] = [
    ("status", "2e2", "status is not an integer"),
    ("status", 99999999999, "status is not an integer"),
    ("status", 200.5, "status is not an integer"),
    ("length", " ", "length is not a number"),
    ("length", "long", "length is not a number"),
    ("length", "NaN", "length is not a number"),
    ("length", "Infinity", "length is not a number"),
    ("length", "1e999", "length is not a number"),
    ("length", "1_0.5", "length is not a number"),
    ("length", -0.5, "length is outside 0 to 86400"),
    ("length", 1e300, "length is outside 0 to 86400"),
    ("length", [200.5], "length is a list or an object"),
    ("registration", "long ago", "registration is not a number"),
    ("song", ["Undo"], "song is a list or an object"),
    ("artist", {"name": "x", "born": [1, None]}, "artist is a list or an object"),
    ("song", "x" * 1025, "song is longer than 1024 bytes"),
    ("song", "é" * 513, "song is longer than 1024 bytes"),
    ("gender", "unspecified", "gender is longer than 8 bytes"),
    ("song", "Un\0do", "song holds a null character"),
    ("firstName", "cut emoji \ud83d", "firstName holds half of a surrogate pair"),
]


@EACH_LANE
@pytest.mark.parametrize(("key", "value", "reason"), MISFITS, ids=lambda value: str(value)[:40])
def test_a_value_that_does_not_fit_costs_only_itself(
    warehouse: Engine, source: Source, key: str, value: Any, reason: str, padding: int
) -> None:
    others = [play(2 + item) for item in range(padding)]
    source.log(play(0), play(1, **{key: value}), *others)
    watching = Noting()

    summary = etl(warehouse, source.folder, watching=watching)

    assert rejects(warehouse) == []
    assert (summary.records.loaded, summary.rows["songplay"]) == (2 + padding, 2 + padding)
    [(record, found, extra)] = rows(
        warehouse, f"SELECT record, {COLUMNS[key]}, extra FROM stg_events WHERE extra IS NOT NULL"
    )
    assert (record, found) == (2, None)
    assert json.loads(extra) == {"_set_aside": [{"key": key, "value": value, "reason": reason}]}
    assert [warning for warning in watching.warnings if "does not fit" in warning or "do not" in warning] == [
        f"1 value does not fit its column and went to extra: {reason} (1)."
    ]


COLUMNS = {
    "status": "status", "length": "length", "registration": "registration", "song": "song",
    "artist": "artist", "gender": "gender", "firstName": "first_name",
}  # fmt: skip


def test_values_that_do_not_fit_are_limited_as_rejects_are(warehouse: Engine, source: Source) -> None:
    source.log(play(0, status="ok"), play(1, song=["Undo"]), play(2, gender="unspecified"), play(3))

    with pytest.raises(LoadError) as refused:
        etl(warehouse, source.folder, max_rejects="2")

    assert str(refused.value) == (
        "3 values do not fit their columns in 4 records, more than --max-rejects allows (2): nothing was "
        "published. They would be kept in extra; fix the feed, or allow it with --max-rejects 3."
    )
    assert etl(warehouse, source.folder, max_rejects="3").records.misfits == 3


def test_digits_beyond_a_microsecond_are_kept_and_are_no_misfit(warehouse: Engine, source: Source) -> None:
    source.log(play(0, ts="2018-11-01T12:00:00.796001234Z"))

    assert etl(warehouse, source.folder, max_rejects="0").warnings == []

    [(moment, extra)] = rows(warehouse, "SELECT ts, extra FROM stg_events")
    assert moment == dt.datetime(2018, 11, 1, 12, 0, 0, 796001)
    assert json.loads(extra)["_set_aside"] == [
        {
            "key": "ts",
            "value": "2018-11-01T12:00:00.796001234Z",
            "reason": "ts is finer than a microsecond",
        }
    ]


MOMENTS = [
    (1_541_073_600, "2018-11-01 12:00:00"),
    (1_541_073_600_796, "2018-11-01 12:00:00.796"),
    (1_541_073_600_796_001, "2018-11-01 12:00:00.796001"),
    (1_541_073_600.25, "2018-11-01 12:00:00.25"),
    (1_541_073_600_796.5, "2018-11-01 12:00:00.7965"),
    ("1541073600796", "2018-11-01 12:00:00.796"),
    ("1541073600.25", "2018-11-01 12:00:00.25"),
    ("2018-11-01T12:00:00Z", "2018-11-01 12:00:00"),
    ("2018-11-01 12:00", "2018-11-01 12:00:00"),
    ("2018-11-01T14:00:00.796001+02:00", "2018-11-01 12:00:00.796001"),
    (946_684_800_000, "2000-01-01"),
]


@EACH_LANE
@pytest.mark.parametrize(("moment", "expected"), MOMENTS)
def test_a_moment_is_read_in_whatever_unit_it_comes(
    warehouse: Engine, source: Source, moment: Any, expected: str, padding: int
) -> None:
    source.log(*(play(1 + item, ts=moment) for item in range(1 + padding)))

    assert etl(warehouse, source.folder).records.loaded == 1 + padding

    assert rows(warehouse, "SELECT DISTINCT ts, extra FROM stg_events") == [
        (dt.datetime.fromisoformat(expected), None)
    ]
    assert rows(warehouse, "SELECT DISTINCT start_time FROM songplay") == [
        (dt.datetime.fromisoformat(expected),)
    ]


@pytest.mark.parametrize(("hours", "rejected"), [(47, 0), (49, 1)])
def test_a_moment_may_be_two_days_ahead_of_the_clock(
    warehouse: Engine, source: Source, hours: int, rejected: int
) -> None:
    now = dt.datetime(2018, 11, 1, 12)
    moment = now + dt.timedelta(hours=hours)
    source.log(play(ts=int(moment.replace(tzinfo=dt.UTC).timestamp() * 1000)))

    summary = etl(warehouse, source.folder, feed=Feed(clock=lambda: now))

    assert (summary.records.loaded, summary.records.rejected) == (1 - rejected, rejected)
    assert rejects(warehouse) == [(1, WRONG_CLOCK)] * rejected


@EACH_LANE
def test_of_a_key_that_is_given_twice_the_last_value_counts_and_the_other_is_kept(
    warehouse: Engine, source: Source, padding: int
) -> None:
    twice = json.dumps(play(0))[:-1] + ', "song": "Revelry", "level": null}'
    source.log(twice, *(play(1 + item) for item in range(padding)))

    summary = etl(warehouse, source.folder)

    assert (summary.records.loaded, summary.records.misfits) == (1 + padding, 1)

    [(song, level, extra)] = rows(warehouse, "SELECT song, level, extra FROM stg_events WHERE record = 1")
    assert (song, level) == ("Revelry", "paid")
    assert json.loads(extra) == {
        "_set_aside": [{"key": "song", "value": "Undo", "reason": "song is given twice"}]
    }


@EACH_LANE
@pytest.mark.parametrize("nothing", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_without_quotes_is_no_value(
    warehouse: Engine, source: Source, nothing: str, padding: int
) -> None:
    bad = json.dumps(play(0, artist=None)).replace("200.5", nothing).replace('"Undo"', nothing)
    source.log(bad, *(play(1 + item) for item in range(padding)))

    assert etl(warehouse, source.folder).records.loaded == 1 + padding

    assert rows(warehouse, "SELECT song, length, extra FROM stg_events WHERE record = 1") == [
        (None, None, None)
    ]


@EACH_LANE
@pytest.mark.parametrize("value", ["a\0b", "cut emoji \ud83d", ["\ud83d\0"], {"\0": 1}, 10**400, 1e-7, True])
@pytest.mark.parametrize("key", ["mood", "half \ud83d", "\0"])
def test_whatever_an_unknown_key_holds_the_record_is_loaded_and_the_value_kept(
    warehouse: Engine, source: Source, key: str, value: Any, padding: int
) -> None:
    source.log(json.dumps(play(0) | {key: value}), *(play(1 + item) for item in range(padding)))

    assert etl(warehouse, source.folder).records.loaded == 1 + padding

    [(extra,)] = rows(warehouse, "SELECT extra FROM stg_events WHERE record = 1")
    assert json.loads(extra) == {key: value}


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("year", "soon", "year is not an integer"),
        ("year", 10000, "year is outside 0 to 9999"),
        ("duration", "long", "duration is not a number"),
        ("artist_latitude", "north", "artist_latitude is not a number"),
        ("artist_name", "x" * 513, "artist_name is longer than 512 bytes"),
    ],
)
def test_a_value_of_a_song_that_does_not_fit_costs_only_itself(
    warehouse: Engine, source: Source, key: str, value: Any, reason: str
) -> None:
    source.song(song(**{key: value}))

    summary = etl(warehouse, source.folder)

    assert (summary.records.loaded, summary.rows["songs"], rejects(warehouse)) == (1, 1, [])
    [(found, extra)] = rows(warehouse, f"SELECT {key}, extra FROM stg_songs")
    assert (found, json.loads(extra)) == (
        None, {"_set_aside": [{"key": key, "value": value, "reason": reason}]},
    )  # fmt: skip


MOOD = (
    'unknown key "mood" in 1 record, first in {file} line 1: no column takes it, '
    "its values are kept in extra, or with a reject. Was it renamed?"
)


@pytest.mark.parametrize(
    ("change", "told", "extra", "keys"),
    [
        ({"mood": "blue"}, [MOOD], '{"mood":"blue"}', [("unknown", "mood", 1, 1)]),
        ({"mood": None}, [MOOD], None, [("unknown", "mood", 1, 1)]),
        ({"location": ...}, [], None, [("absent", "location", 1, 1)]),
        (
            {"mood": "", "location": ...},
            [MOOD],
            '{"mood":""}',
            [("absent", "location", 1, 1), ("unknown", "mood", 1, 1)],
        ),
    ],
    ids=["more", "null", "less", "renamed"],
)
def test_a_field_that_is_new_or_gone_does_not_vanish_silently(
    warehouse: Engine,
    source: Source,
    change: Record,
    told: list[str],
    extra: str | None,
    keys: list[tuple[str, str, int, int]],
) -> None:
    found = play(0) | change
    file = source.log(json.dumps({key: value for key, value in found.items() if value is not ...}))
    watching = Noting()

    etl(warehouse, source.folder, watching=watching)

    assert watching.warnings == [warning.format(file=file) for warning in told]
    assert rows(warehouse, "SELECT extra FROM stg_events") == [(extra,)]
    assert rows(warehouse, "SELECT kind, name, records, first_line FROM etl_key ORDER BY kind") == keys
    assert rows(warehouse, "SELECT message FROM etl_warning") == [(text,) for text in watching.warnings]


def test_an_unknown_key_is_warned_of_once(warehouse: Engine, source: Source) -> None:
    source.log(json.dumps(play(0) | {"mood": "blue"}), json.dumps(play(1) | {"mood": "red"}))
    etl(warehouse, source.folder)
    source.log(json.dumps(play(2) | {"mood": "green"}), day="2018-11-02")
    watching = Noting()

    etl(warehouse, source.folder, watching=watching)

    assert watching.warnings == []
    assert ask(warehouse, find_question("unknown_keys")).rows == [("mood", "events", 3, 2, 1, 2)]
    assert [row[:2] for row in ask(warehouse, find_question("warnings")).rows] == [(1, "unknown_key")]
    assert rows(warehouse, "SELECT file_id, name, records, first_line FROM etl_key ORDER BY file_id") == [
        (1, "mood", 2, 1), (2, "mood", 1, 1),
    ]  # fmt: skip


@EACH_LANE
def test_a_zero_has_no_sign_so_that_the_order_of_files_does_not_matter(
    new_warehouse: Callable[[], Engine], source: Source, padding: int
) -> None:
    engine = new_warehouse()
    zeros = (("-0.0", "0.0"), ("0", "-0"), ('"-0.0"', "0.0"), ('"0"', '"-0e5"'))
    for number, day in enumerate(("2018-11-01", "2018-11-02")):
        lines = [
            json.dumps(play(item)).replace('"length": 200.5', f'"length": {pair[number]}')
            for item, pair in enumerate(zeros)
        ]
        source.log(*lines, *(play(item, sessionId=50 + number) for item in range(padding)), day=day)

    etl(engine, source.folder)

    found = rows(engine, "SELECT length FROM stg_events WHERE length = 0")
    assert [repr(value) for (value,) in found] == ["0.0"] * 8
    assert rows(engine, "SELECT duplicate, conflict FROM etl_file ORDER BY file_id") == [
        (0, 0),
        (4, 0),
    ]


def test_a_reason_names_its_key_as_the_app_wrote_it(warehouse: Engine) -> None:
    column = next(one for one in table("stg_events").reported if one.name == "status")
    key = "a\\b's\\n :code"

    sql = f"SELECT {why_misfit(column, key)} AS reason FROM (SELECT 'odd' AS status) AS came"

    assert warehouse.query(sql).scalar() == f"{key} is not an integer"
