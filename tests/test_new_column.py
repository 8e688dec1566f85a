"""A column of the app goes through to the star by one line in three files, a version and a migration."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sparkify.ask.explain import explain_play
from sparkify.engines.base import Engine
from sparkify.load import tables
from sparkify.load.checks import check_everything
from sparkify.load.diff import digest_star
from sparkify.load.forget import forget
from sparkify.load.tables import prepare_tables
from sparkify.sql import schema
from tests.builders import Noting, Record, Source, counts, etl, event, play, rows, song
from tests.programs import other_sql
from tests.test_undo import assert_sound, reloaded

Make = Callable[[], Engine]
EXTRA = "    extra           VARCHAR(65535) "
LENGTH = "-- [from stg_events.length] length in seconds, as the app reported it\n"
EDITS = {
    "tables/stg_events.sql": (EXTRA, f"    device_id       VARCHAR(64),  -- the listener's device\n{EXTRA}"),
    "tables/songplay.sql": (
        LENGTH, f"{LENGTH}    device_id       VARCHAR(64),  -- [from stg_events.device_id] the device\n",
    ),
    "star/play.sql": ("    e.length\nFROM", "    e.length,\n    e.device_id\nFROM"),
}  # fmt: skip
VERSION = tables.VERSION + 1
MIGRATION = {
    f"migrations/{VERSION}_1_songplay_device_id.sql": "-- A play says on which device.\n"
    "ALTER TABLE songplay ADD COLUMN device_id VARCHAR(64)\n"
}
PLANTED = "PlantedDevice77"


@contextmanager
def newer(folder: Path) -> Iterator[None]:
    """The program of the day after."""
    with pytest.MonkeyPatch.context() as patch, other_sql(folder / "newer", EDITS, MIGRATION):
        patch.setattr(tables, "VERSION", VERSION)
        yield


def on(device: str | None, record: Record) -> Record:
    return record | {"deviceId": device}


def theirs(item: int, **changes: object) -> Record:
    return on(PLANTED, play(item, userId="77", sessionId=500, **changes))


def deliver(source: Source) -> None:
    """Plays, with a duplicate and a record that differs from another in its device alone."""
    source.log(
        on("d0", play(0)), on("d2", play(1)), on("d1", play(1)), on("d1", play(1)), on(None, play(2)),
        play(3), on("d4", event(itemInSession=4)), theirs(0), theirs(1),
    )  # fmt: skip
    source.song(song())


def traces(engine: Engine, folder: Path) -> list[str]:
    """Where the forgotten listener's device is left: in tables, and in the files of a warehouse of files."""
    names = ("stg_events", "users", "songplay", "etl_reject", "text_form", "etl_key", "etl_warning")
    found = [name for name in names if PLANTED in repr(rows(engine, f"SELECT * FROM {name}"))]
    files = [file for file in folder.glob("*.duckdb") if PLANTED.encode() in file.read_bytes()]
    return found + [file.name for file in files]


def test_the_value_is_in_staging_and_star_and_is_counted_compared_checked_and_explained(
    new_warehouse: Make, source: Source, tmp_path: Path
) -> None:
    with newer(tmp_path):
        engine = new_warehouse()
        deliver(source)

        summary = etl(engine, source.folder)

        assert counts(summary) == {"read": 10, "loaded": 8, "duplicate": 1, "conflict": 1, "rejected": 0}
        assert not summary.unknown_keys
        assert rows(engine, "SELECT COUNT(device_id) AS d, COUNT(extra) AS e FROM stg_events") == [(7, 0)]
        plays = "SELECT item_in_session, device_id FROM songplay WHERE session_id = 38 ORDER BY 1"
        assert rows(engine, plays) == [(0, "d0"), (1, "d1"), (2, None), (3, None)]
        assert_sound(engine)
        found = explain_play(engine, 38_000_001)
        assert [one.values["device_id"] for one in found.records] == ["d1", "d1", "d2"]
        assert found.play["device_id"] == "d1"
        for sql, check in (
            ("UPDATE songplay SET device_id = 'x' WHERE item_in_session = 0", "songplay_has_source"),
            ("UPDATE stg_events SET device_id = NULL WHERE page = 'Home'", "values_conserved"),
        ):
            engine.execute(sql)
            assert check in [one.name for one in check_everything(engine) if not one.passed]


def test_the_order_of_records_does_not_matter_where_they_differ_in_the_new_column_alone(
    new_warehouse: Make, source: Source, tmp_path: Path
) -> None:
    with newer(tmp_path):
        one, other = new_warehouse(), new_warehouse()
        records = [on(device, play(0)) for device in ("d3", "d1", None, "d2")]
        source.log(*records)
        etl(one, source.folder)
        source.log(*reversed(records))
        etl(other, source.folder)

        assert digest_star(one) == digest_star(other)


def test_forgetting_a_listener_leaves_it_nowhere_and_nothing_brings_it_back(
    new_warehouse: Make, source: Source, tmp_path: Path
) -> None:
    with newer(tmp_path):
        engine = new_warehouse()
        deliver(source)
        source.log(
            theirs(2, ts="soon"), theirs(3) | {"deviceId": PLANTED * 9},
            json.dumps({"song_id": "SO7", "deviceId": PLANTED}), day="2018-11-02",
        )  # fmt: skip
        etl(engine, source.folder)
        assert {"stg_events", "songplay", "etl_reject"} <= set(traces(engine, tmp_path))

        receipt = forget(engine, 77, Noting())

        assert receipt.events == 3
        assert traces(engine, tmp_path) == []
        assert_sound(engine)
        log = source.log(theirs(5), on("d5", play(5)), day="2018-11-03")
        etl(engine, source.folder)
        reloaded(engine, log, *source.folder.rglob("2018-11-01-events.json"))
        assert traces(engine, tmp_path) == []
        assert rows(engine, "SELECT device_id FROM songplay WHERE item_in_session = 5 AND user_id = 15") == [
            ("d5",)
        ]
        assert_sound(engine)


def test_a_warehouse_of_the_day_before_takes_the_column_and_its_values(
    new_warehouse: Make, source: Source, tmp_path: Path
) -> None:
    engine = new_warehouse()
    deliver(source)
    etl(engine, source.folder)
    forget(engine, 77, Noting())

    with newer(tmp_path):
        prepare_tables(engine)

        fresh = new_warehouse()
        etl(fresh, source.folder)
        forget(fresh, 77, Noting())
        assert digest_star(engine) == digest_star(fresh)
        assert rows(engine, "SELECT COUNT(device_id) AS d, COUNT(extra) AS e FROM stg_events") == [(5, 0)]
        assert traces(engine, tmp_path) == []
        assert_sound(engine)
        source.log(on("d9", play(9)), theirs(9), day="2018-11-02")
        etl(engine, source.folder)
        assert rows(engine, "SELECT device_id FROM songplay WHERE item_in_session = 9 ORDER BY 1") == [
            ("d9",), (None,),
        ]  # fmt: skip
        assert_sound(engine)


def test_what_a_new_load_would_set_aside_stays_aside(
    new_warehouse: Make, source: Source, tmp_path: Path
) -> None:
    deep = "[" * 198 + "]" * 198
    odd = ("\ud83dX", "a\0x", {"a": "x"}, ["x"], "x" * 65, "x" * 65_400, "", 7, 1.5, True, "fits")
    lines = [on("PLACE", play(item)) for item in range(len(odd) + 1)]
    texts = [json.dumps(value) for value in odd] + [deep]
    source.log(
        *(json.dumps(line).replace('"PLACE"', text).encode() for line, text in zip(lines, texts, strict=True))
    )
    engine = new_warehouse()
    etl(engine, source.folder)

    with newer(tmp_path):
        prepare_tables(engine)
        fresh = new_warehouse()
        etl(fresh, source.folder)

        shown = "SELECT item_in_session, device_id FROM stg_events ORDER BY 1"
        assert rows(engine, shown) == rows(fresh, shown)
        assert digest_star(engine) == digest_star(fresh)
        aside = "SELECT SUM(values_aside) AS n FROM etl_file"
        assert rows(engine, aside) == rows(fresh, aside) == [(7,)]
        assert_sound(engine)


@pytest.mark.parametrize("text", ["[" * 199 + "]" * 199, json.dumps("x" * 65_510)], ids=["deep", "long"])
def test_a_value_that_cannot_be_set_aside_with_a_reason_stays_where_it_is(
    new_warehouse: Make, source: Source, tmp_path: Path, text: str
) -> None:
    source.log(json.dumps(on("PLACE", play(0))).replace('"PLACE"', text).encode(), on("fits", play(1)))
    engine = new_warehouse()
    etl(engine, source.folder)

    with newer(tmp_path):
        prepare_tables(engine)

        shown = rows(engine, "SELECT device_id, extra FROM stg_events ORDER BY item_in_session")
        assert shown == [(None, f'{{"deviceId":{text}}}'), ("fits", None)]
        assert_sound(engine)


def test_what_is_personal_can_be_erased_and_is_all_that_is_not_marked() -> None:
    events = schema.table("stg_events")

    assert set(events.personal) >= {
        "user_id", "first_name", "last_name", "gender", "location", "registration", "user_agent", "auth",
        "extra",
    }  # fmt: skip
    assert not [one.name for one in events.columns if one.required and one.name in events.personal]
    assert schema.table("stg_songs").personal == ()


def test_every_column_of_a_play_but_keys_says_which_column_of_staging_it_shows() -> None:
    songplay = schema.table("songplay")
    keys = {*songplay.primary_key, *(column for column, _, _ in songplay.foreign_keys)}

    assert {one.name for one in songplay.columns if not one.source} <= keys
    for name in schema.STAR:
        for column in schema.table(name).columns:
            table, _, source = column.source.partition(".")
            assert not source or source in schema.table(table).column_names


def test_a_key_that_is_not_the_columns_name_in_camel_case_is_said_in_the_ddl(
    new_warehouse: Make, source: Source, tmp_path: Path
) -> None:
    with other_sql(
        tmp_path, {"tables/stg_events.sql": ("[public] HTTP status", "[public, key HTTPStatus] x")}
    ):
        engine = new_warehouse()
        source.log(play(0, status=None) | {"HTTPStatus": 418})

        etl(engine, source.folder)

        assert rows(engine, "SELECT status, extra FROM stg_events") == [(418, None)]
