"""A column that is added later takes what came of its key before, from `extra`, without the source files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sparkify.engines.base import Engine
from sparkify.load.tables import prepare_tables
from tests.builders import Source, etl, play, rows
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
    assert '"value":"7.5","reason":"appVersion does not fit its column"' in found[2][2]
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
