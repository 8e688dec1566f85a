"""The views, against plain Python: every event once, registrations, and how long each play was heard."""

import datetime as dt
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sparkify.engines.base import Engine
from sparkify.errors import ConfigError, WarehouseError
from sparkify.load.forget import forget
from sparkify.load.run import MaxRejects, rebuild, reload
from sparkify.load.tables import create_tables, drop_tables, require_tables
from sparkify.load.undo import undo
from sparkify.progress import Silent
from sparkify.simulate.service import Options, simulate
from sparkify.sql import schema
from tests import oracle
from tests.builders import NOON, Noting, Run, Source, etl, event, logged_out, play, rows, song

EVENTS = "SELECT ts, session_id, item_in_session, user_id, page, level, status FROM events"
LISTENING = "SELECT session_id, user_id, start_time, length, seconds, is_skipped FROM listening"


def assert_views(warehouse: Engine, folder: Path) -> None:
    """The views hold what the oracle says of this folder."""
    expected = oracle.events(folder)
    told = [(*one[:6], None if one.is_play else one.status) for one in expected]
    assert _sorted(rows(warehouse, EVENTS)) == _sorted(told)
    assert dict(rows(warehouse, "SELECT user_id, registered_at FROM registrations")) == oracle.registrations(
        folder
    )
    assert _sorted(rows(warehouse, LISTENING)) == _sorted(heard(expected))


def heard(events: Sequence[oracle.Event]) -> list[tuple[Any, ...]]:
    """Each play with its seconds: a song is over when the next one begins, or its listener logs out."""
    found = []
    sessions: dict[Any, list[oracle.Event]] = {}
    for one in events:
        if one.is_play or one.page == "Logout":
            sessions.setdefault((one.session, one.user_id), []).append(one)
    for session in sessions.values():
        session.sort(key=lambda one: (one.moment, one.item, not one.is_play))
        for one, after in zip(session, [*session[1:], None], strict=True):
            if not one.is_play:
                continue
            seconds, skipped = one.length, None if one.length is None else 0
            if one.length is not None and after is not None:
                gap = (after.moment - one.moment).total_seconds()
                if gap < one.length - 1:
                    seconds, skipped = gap, int(after.is_play)
            found.append((one.session, one.user_id, one.moment, one.length, seconds, skipped))
    return found


def _sorted(found: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    plain = [tuple(float(v) if isinstance(v, float | int) or _is_decimal(v) else v for v in r) for r in found]
    return sorted(plain, key=lambda row: [(value is not None, str(value)) for value in row])


def _is_decimal(value: Any) -> bool:
    return type(value).__name__ == "Decimal"


@pytest.mark.parametrize("seed", [3, 8])
def test_the_views_of_a_faulty_service_hold_each_event_once(
    tmp_path: Path, warehouse: Engine, seed: int
) -> None:
    music = tmp_path / "music"
    simulate(music, Options(listeners=60, days=6, songs=300, faults=0.1, seed=seed))
    etl(warehouse, music, "100%")
    assert_views(warehouse, music)

    shutil.copytree(tmp_path / "music.later" / "late", music, dirs_exist_ok=True)
    etl(warehouse, music, "100%")

    assert_views(warehouse, music)


def test_the_views_of_the_real_data_hold_each_event_once(real_data: Path, warehouse: Engine) -> None:
    etl(warehouse, real_data)

    assert_views(warehouse, real_data)
    [(events, plays)] = rows(warehouse, "SELECT COUNT(*) AS n, COUNT(songplay_id) AS plays FROM events")
    assert (events, plays) == (8056, 6820)


def test_the_views_follow_undo_reload_and_rebuild(tmp_path: Path, warehouse: Engine, source: Source) -> None:
    source.log(play(0), event(itemInSession=1, page="Logout", ts=NOON + 60_000))
    etl(warehouse, source.folder)
    early = tmp_path / "early"
    shutil.copytree(source.folder, early)
    # The Home of day 2 stood in day 1 already, at another time.
    file = source.log(
        event(itemInSession=1, page="Logout", ts=NOON + 1), play(7, sessionId=9), day="2018-11-02"
    )
    etl(warehouse, source.folder)
    assert_views(warehouse, source.folder)

    undo(warehouse, 2, Noting())
    assert_views(warehouse, early)
    etl(warehouse, source.folder, also=["undone"])
    assert_views(warehouse, source.folder)
    file.write_text(file.read_text().replace("Logout", "Help"))
    reload(warehouse, [str(file)], MaxRejects.parse("100%"), Noting())
    assert_views(warehouse, source.folder)
    rebuild(warehouse, Silent())
    assert_views(warehouse, source.folder)


def test_what_a_forgotten_listener_did_is_nobodys(warehouse: Engine, source: Source) -> None:
    source.log(
        play(0), event(itemInSession=1, page="Logout", ts=NOON + 60_000), play(0, sessionId=4, userId="8")
    )
    etl(warehouse, source.folder)

    forget(warehouse, 15, Silent())

    assert _sorted(rows(warehouse, "SELECT user_id, page FROM events")) == _sorted(
        [(8, "NextSong"), (None, "NextSong"), (None, "Logout")]
    )
    assert rows(warehouse, "SELECT user_id FROM registrations") == [(8,)]
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM listening") == [(2,)]


def test_another_page_at_the_place_of_a_play_takes_nothing_from_it(warehouse: Engine, source: Source) -> None:
    source.log(event(itemInSession=0, page="Home", ts=NOON - 1), play(0), event(itemInSession=0, page="Home"))
    etl(warehouse, source.folder)

    assert sorted(page for (page,) in rows(warehouse, "SELECT page FROM events")) == ["Home", "NextSong"]


def test_of_records_of_one_moment_the_smallest_counts_and_nobodys_moments_are_apart(
    warehouse: Engine, source: Source
) -> None:
    source.log(
        event(level="paid", status=200),
        event(level="free", status=307),
        event(level="free", status=200),
        event(level=None, itemInSession=1),
        event(level="free", itemInSession=1),
        logged_out(itemInSession=0, ts=NOON),
        logged_out(itemInSession=0, ts=NOON + 1),
    )
    etl(warehouse, source.folder)

    assert_views(warehouse, source.folder)
    found = rows(warehouse, "SELECT item_in_session, level, status, user_id FROM events ORDER BY 1, 2, 3")
    assert sorted(found, key=str) == [
        (0, "free", 200, 15), (0, "free", 200, None), (0, "free", 200, None), (1, None, 200, 15)
    ]  # fmt: skip


def test_a_page_that_is_opened_does_not_stop_the_music_and_a_logout_is_no_skip(
    warehouse: Engine, source: Source
) -> None:
    source.log(
        play(0, length=100.9, ts=NOON),
        event(itemInSession=1, page="Home", ts=NOON + 20_000),
        play(2, length=200.0, ts=NOON + 100_000),
        play(3, length=200.0, ts=NOON + 130_000),
        event(itemInSession=4, page="Logout", ts=NOON + 190_000),
        play(0, sessionId=5, userId="8", length=None, ts=NOON),
        play(1, sessionId=5, userId="8", length=50.0, ts=NOON + 10_000),
    )
    etl(warehouse, source.folder)

    found = rows(warehouse, "SELECT songplay_id, seconds, is_skipped FROM listening ORDER BY songplay_id")

    assert [(key, None if s is None else float(s), skipped) for key, s, skipped in found] == [
        (5_000_000, None, None), (5_000_001, 50.0, 0),
        (38_000_000, 100.9, 0), (38_000_002, 30.0, 1), (38_000_003, 60.0, 0),
    ]  # fmt: skip


def test_a_registration_is_in_any_unit_of_ts_and_one_that_is_no_moment_is_left_out(
    warehouse: Engine, source: Source
) -> None:
    moments = {
        "1": 1540919166796.0, "2": 0, "3": -5, "4": 1e300, "5": None, "6": 99_999_999_999_999,
        "7": 1540919166, "8": 1540919166796000,
    }  # fmt: skip
    source.log(
        *(play(n, userId=user, registration=said) for n, (user, said) in enumerate(moments.items())),
        play(9, userId="1", registration=1540919166795.5),
        logged_out(itemInSession=20),
    )
    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT user_id, registered_at FROM registrations ORDER BY user_id") == [
        (1, dt.datetime(2018, 10, 30, 17, 6, 6, 795000)),
        (2, dt.datetime(1970, 1, 1)),
        (6, dt.datetime(5138, 11, 16, 9, 46, 39, 999000)),
        (7, dt.datetime(2018, 10, 30, 17, 6, 6)),
        (8, dt.datetime(2018, 10, 30, 17, 6, 6, 796000)),
    ]


def test_an_empty_level_says_none_of_a_play_and_of_any_page(warehouse: Engine, source: Source) -> None:
    source.log(
        play(0, level=""), play(1, level=" "), play(2, level="paid"),
        event(itemInSession=3, page="Home", level=""), event(itemInSession=4, page="Home", level=" free "),
    )  # fmt: skip
    etl(warehouse, source.folder)

    found = rows(warehouse, "SELECT level FROM events ORDER BY item_in_session")

    assert found == [(None,), (None,), ("paid",), (None,), ("free",)]


@pytest.mark.parametrize("name", schema.VIEWS)
def test_every_column_of_a_view_is_explained(warehouse: Engine, name: str) -> None:
    found = warehouse.query(f"SELECT * FROM {name}")

    assert tuple(column for column, _ in schema.view(name)[1]) == found.columns


def test_a_view_that_is_missing_is_named_and_made_again(warehouse: Engine, source: Source) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)
    warehouse.execute("DROP VIEW registrations")

    with pytest.raises(WarehouseError, match="lacks registrations"):
        require_tables(warehouse)
    assert create_tables(warehouse) == []

    require_tables(warehouse)
    assert rows(warehouse, "SELECT user_id FROM registrations") == [(15,)]


def test_a_load_makes_a_view_that_is_new_in_this_program(loaded: Run, source: Source, tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "sparkify.duckdb") as connection:
        connection.execute("DROP VIEW plays")
    assert "lacks plays" in loaded("ask", "most_played_songs").stderr

    assert loaded("etl", "--source", "music").returncode == 0

    assert loaded("query", "SELECT COUNT(*) FROM plays").stdout.split()[-1] == "2"


def test_the_tables_are_dropped_with_their_views(warehouse: Engine) -> None:
    drop_tables(warehouse)

    left = rows(
        warehouse, "SELECT table_name FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA()"
    )
    assert left == []


def test_a_view_of_somebody_else_is_not_replaced(warehouse: Engine) -> None:
    drop_tables(warehouse)
    warehouse.execute("CREATE VIEW events AS SELECT 1 AS mine")

    with pytest.raises(ConfigError, match="there is a table events already"):
        create_tables(warehouse)

    assert rows(warehouse, "SELECT mine FROM events") == [(1,)]


def test_the_wide_view_has_each_play_once_with_what_is_known_of_it(warehouse: Engine, source: Source) -> None:
    source.song(song("SO1", title="Undo", artist_name="Nightbirds", artist_id="AR1", year=1999))
    source.log(
        play(0, level="free"), play(1, level="paid"), play(2, song="Elsewhere", artist="Nobody"),
        play(3, userId="", level="free"),
    )  # fmt: skip
    etl(warehouse, source.folder)

    found = rows(
        warehouse,
        "SELECT item_in_session, title, song_id, song_year, artist, user_id, gender, level, latest_level, "
        "hour FROM plays ORDER BY item_in_session",
    )

    assert found == [
        (0, "Undo", "SO1", 1999, "Nightbirds", 15, "F", "free", "paid", 12),
        (1, "Undo", "SO1", 1999, "Nightbirds", 15, "F", "paid", "paid", 12),
        (2, "Elsewhere", None, None, None, 15, "F", "paid", "paid", 12),
        (3, "Undo", "SO1", 1999, "Nightbirds", None, None, "free", None, 12),
    ]
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM plays") == rows(
        warehouse, "SELECT COUNT(*) AS n FROM songplay"
    )
