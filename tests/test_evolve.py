"""A column that is added later takes what came of its key before, from `extra`, without the source files."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sparkify.engines.base import Engine
from sparkify.engines.extra import SET_ASIDE
from sparkify.errors import WarehouseError
from sparkify.load.checks import check_warehouse
from sparkify.load.tables import create_tables, prepare_tables
from tests.builders import NOON, Source, etl, play, rows
from tests.programs import other_sql


@pytest.fixture
def newer(tmp_path: Path) -> Iterator[None]:
    """The program of the day after: stg_events has a column device_id and a column app_version."""

    last = "    extra           VARCHAR(65535) "
    added = (
        "    device_id       VARCHAR(8),  -- the listener's device\n"
        "    app_version     INTEGER,     -- of the app\n"
    )
    with other_sql(tmp_path, {"tables/stg_events.sql": (last, added + last)}):
        yield


def load_before(warehouse: Engine, source: Source) -> None:
    file = source.log(
        play(0),
        play(1) | {"deviceId": "d1", "appVersion": 7, "deviceId ": "blue"},
        play(2) | {"deviceId": "d2", "appVersion": "7.5"},
        play(3, status="odd") | {"deviceId": "much too long"},
    )
    etl(warehouse, source.folder)
    file.unlink()


@pytest.fixture
def loaded_before(warehouse: Engine, source: Source) -> Engine:
    load_before(warehouse, source)
    return warehouse


def test_a_column_that_is_added_is_filled_from_extra(loaded_before: Engine, newer: None) -> None:
    prepare_tables(loaded_before)

    found = rows(loaded_before, "SELECT device_id, app_version, extra FROM stg_events ORDER BY record")
    assert found[:2] == [(None, None, None), ("d1", 7, '{"deviceId ":"blue"}')]
    assert found[2][:2] == ("d2", None)
    assert '"value":"7.5","reason":"appVersion is not an integer"' in found[2][2]
    assert found[3][:2] == (None, None)
    assert '"status"' in found[3][2]
    assert '"much too long"' in found[3][2]
    # Of the 7 values that stood in extra, 3 found their column.
    assert rows(loaded_before, "SELECT values_aside FROM etl_file") == [(4,)]
    assert rows(loaded_before, "SELECT name FROM etl_key WHERE kind = 'unknown'") == [("deviceId ",)]


def test_what_was_added_once_is_not_added_again(loaded_before: Engine, newer: None) -> None:
    prepare_tables(loaded_before)
    before = rows(loaded_before, "SELECT device_id, extra FROM stg_events ORDER BY record")

    prepare_tables(loaded_before)

    assert rows(loaded_before, "SELECT device_id, extra FROM stg_events ORDER BY record") == before


Make = Callable[[], Engine]
LAST = "    extra           VARCHAR(65535) "
TYPES = (
    "VARCHAR(8),          -- text", "VARCHAR(8),          -- [unpadded] text", "INTEGER,     -- a number",
    "SMALLINT,    -- [public, 0 to 9] a number", "BIGINT,      -- a number",
    "DOUBLE PRECISION,    -- [0 to 9] a number", "TIMESTAMP,    -- a moment",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, "", " ", "7", 7, -7, "x ", " x", "much too long", 7.0, "7.0", "7.00", 7.5, "7.5", 1e400, True,
    False, "0x10", "-0", 10, 40_000, 3_000_000_000, 10**19, [7], {"a": 7}, "a\0", "\ud83dX", NOON, str(NOON),
    NOON // 1000, NOON * 1000, 5, 10**17, "2018-11-01T12:00:00Z",
)  # fmt: skip
AS_WRITTEN = ("7.00", "7e0", "70e-1", "1.10", "-0.0", "NaN", "1e5", "1541073600796.5", "1.541073600796e12")
"""Numbers whose text says more than their value."""


def added(type_: str) -> dict[str, tuple[str, str]]:
    return {"tables/stg_events.sql": (LAST, f"    new_one {type_}\n{LAST}")}


@pytest.mark.parametrize("type_", TYPES)
def test_a_column_that_is_added_holds_what_a_load_would_put_there_with_the_same_reasons(
    new_warehouse: Make, source: Source, tmp_path: Path, type_: str
) -> None:
    texts = [*map(json.dumps, VALUES), *AS_WRITTEN]
    source.log(*(
        json.dumps(play(item) | {"newOne": "PLACE", "other": 1}).replace('"PLACE"', text)
        for item, text in enumerate(texts)
    ))  # fmt: skip
    older = new_warehouse()
    etl(older, source.folder)

    with other_sql(tmp_path, added(type_)):
        prepare_tables(older)
        fresh = new_warehouse()
        etl(fresh, source.folder)

        assert dict(zip(texts, staged(older), strict=True)) == dict(zip(texts, staged(fresh), strict=True))
        counted = "SELECT values_read, values_aside, values_erased FROM etl_file"
        assert rows(older, counted) == rows(fresh, counted)
        assert rows(older, "SELECT values_aside FROM etl_run") == rows(
            fresh, "SELECT values_aside FROM etl_run"
        )
        assert all(one.passed for one in check_warehouse(older))


def staged(engine: Engine) -> list[Any]:
    found = []
    for value, extra in rows(engine, "SELECT new_one, extra FROM stg_events ORDER BY item_in_session"):
        held = json.loads(extra or "{}")
        aside = sorted(map(str, held.pop(SET_ASIDE, [])))
        found.append((value, held, aside))
    return found


@pytest.mark.parametrize(
    ("type_", "values", "says"),
    [
        (
            "VARCHAR(8) NOT NULL, -- [public] x",
            ["a", None],
            "2018-11-01-events.json line 2: newOne is missing",
        ),
        ("VARCHAR(8) NOT NULL, -- [public] x", ["a", ""], "line 2: newOne is missing"),
        ("INTEGER NOT NULL, -- [public] x", ["7", "x"], "line 2: newOne is not an integer"),
        ("INTEGER NOT NULL, -- [public] x", ["7", [7]], "line 2: newOne is a list or an object"),
        ("INTEGER, -- [strict] x", [None, "x"], "line 2: newOne is not an integer"),
    ],
)
def test_a_column_that_records_which_are_loaded_do_not_have_is_refused(
    warehouse: Engine, source: Source, tmp_path: Path, type_: str, values: list[Any], says: str
) -> None:
    source.log(*(play(item) | {"newOne": value} for item, value in enumerate(values)))
    etl(warehouse, source.folder)
    before = rows(warehouse, "SELECT extra FROM stg_events ORDER BY record")

    with other_sql(tmp_path, added(type_)):
        rule = "NOT NULL" if "NOT NULL" in type_ else r"\[strict\]"
        for use in (prepare_tables, create_tables):
            with pytest.raises(
                WarehouseError,
                match=rf"^stg_events\.new_one is new and {rule}, and a load .* 1 record .*{says}\. ",
            ):
                use(warehouse)

    assert rows(warehouse, "SELECT extra FROM stg_events ORDER BY record") == before
    assert all(one.passed for one in check_warehouse(warehouse))


@pytest.mark.parametrize("type_", ["INTEGER NOT NULL, -- [public] x", "INTEGER, -- [strict] x"])
def test_a_column_that_all_records_have_may_be_required(
    warehouse: Engine, source: Source, tmp_path: Path, type_: str
) -> None:
    source.log(play(0) | {"newOne": 7.0}, play(1) | {"newOne": "8"})
    etl(warehouse, source.folder)

    with other_sql(tmp_path, added(type_)):
        prepare_tables(warehouse)

        assert rows(warehouse, "SELECT new_one FROM stg_events ORDER BY record") == [(7,), (8,)]
        assert all(one.passed for one in check_warehouse(warehouse))
        source.log(play(2) | {"newOne": "x"}, day="2018-11-02")
        assert etl(warehouse, source.folder).records.rejected == 1


def test_records_that_are_equal_with_the_new_column_are_duplicates(
    warehouse: Engine, source: Source, tmp_path: Path
) -> None:
    line = json.dumps(play(0) | {"appVersion": 7})
    source.log(line, line.replace("7}", "7.0}"))
    etl(warehouse, source.folder)
    counted = "SELECT loaded, duplicate, conflict FROM etl_file"
    assert rows(warehouse, counted) == [(1, 0, 1)]

    with other_sql(
        tmp_path, {"tables/stg_events.sql": (LAST, "    app_version     INTEGER,  -- of the app\n" + LAST)}
    ):
        prepare_tables(warehouse)
        assert all(one.passed for one in check_warehouse(warehouse))

    assert rows(warehouse, counted) == [(1, 1, 0)]
