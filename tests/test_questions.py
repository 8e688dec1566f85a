"""Every question has one right answer on a source small enough to count by hand."""

import datetime as dt
from typing import Any

import pytest

from sparkify.ask.questions import ask, find_question, values_of
from sparkify.engines.base import Engine
from sparkify.engines.dialect import readable
from sparkify.sql import names
from tests.builders import NOON, Record, Source, etl, event, play, song

MINUTE, DAY = 60_000, 86_400_000
FIRST, SECOND, LATE, LAST = (dt.date(2018, 11, day) for day in (1, 2, 20, 21))

LILY: Record = {"userId": "15", "firstName": "Lily", "gender": "F", "sessionId": 1, "location": "Lyon",
                "userAgent": '"Chrome/36.0 Safari/537"'}  # fmt: skip
JOE: Record = {"userId": "16", "firstName": "Joe", "lastName": "Poe", "gender": "M", "location": "Basel",
               "userAgent": "Firefox/31.0"}  # fmt: skip
UNDO: Record = {"song": "Undo", "artist": "Nightbirds", "length": 1800.0}
KINGS: Record = {"song": "Kings", "artist": "Harmonia", "length": 5400.0}


def events() -> dict[str, list[Record]]:
    """Thursday: Lily plays twice free, upgrades, plays twice paid. Friday and weeks later: Joe, free."""
    return {
        "2018-11-01": [
            play(0, **(LILY | UNDO), level="free", ts=NOON),
            play(1, **(LILY | UNDO), level="free", ts=NOON + 30 * MINUTE),
            play(2, **(LILY | KINGS), level="paid", ts=NOON + 60 * MINUTE),
            play(3, **(LILY | UNDO), level="paid", ts=NOON + 150 * MINUTE),
            event(**(LILY | {"sessionId": 9}), itemInSession=0, page="Home", ts=NOON + 200 * MINUTE),
        ],
        "2018-11-02": [
            play(0, **(JOE | KINGS), sessionId=2, level="free", ts=NOON + DAY),
            play(1, **(JOE | KINGS), sessionId=2, level="free", ts=NOON + DAY + 90 * MINUTE),
        ],
        "2018-11-20": [
            play(0, **(JOE | UNDO), sessionId=3, level="free", ts=NOON + 19 * DAY),
        ],
        "2018-11-21": [play(0, **(LILY | UNDO | {"sessionId": 4}), level="paid", ts=NOON + 20 * DAY)],
    }


ANSWERS: dict[str, list[tuple[Any, ...]]] = {
    "most_played_songs": [("Undo", "Nightbirds", 5), ("Kings", "Harmonia", 3)],
    "most_popular_artists": [("Nightbirds", 5, 2), ("Harmonia", 3, 2)],
    "most_active_users": [(15, "Lily", "Koch", "paid", 5), (16, "Joe", "Poe", "free", 3)],
    "plays_by_hour": [(12, 5), (13, 2), (14, 1)],
    "plays_by_weekday": [(2, "Tuesday", 1), (3, "Wednesday", 1), (4, "Thursday", 4), (5, "Friday", 2)],
    "plays_by_day": [(FIRST, 4, 1, 1), (SECOND, 2, 1, 1), (LATE, 1, 1, 1), (LAST, 1, 1, 1)],
    "plays_by_level": [("free", 5, 2, 62.5), ("paid", 3, 1, 37.5)],
    "plays_per_user_by_level": [("free", 2, 5, 2.5, 3), ("paid", 1, 3, 3.0, 3)],
    "users_by_level_and_gender": [("free", "M", 1), ("paid", "F", 1)],
    "top_locations": [("Lyon", 5, 1), ("Basel", 3, 1)],
    "top_browsers": [("Chrome", 5, 1), ("Firefox", 3, 1)],
    "listening_time_by_day": [
        (FIRST, 3.0, 180.0),
        (SECOND, 3.0, 180.0),
        (LATE, 0.5, 30.0),
        (LAST, 0.5, 30.0),
    ],
    "sessions": [
        ("changed", 1, 4.0, 4, 150.0, 150.0),
        ("free", 2, 1.5, 2, 90.0, 90.0),
        ("paid", 1, 1.0, 1, None, None),
    ],
    "upgrades": [(15, "Lily", "Koch", dt.datetime(2018, 11, 1, 13, 0, 0, 796000), 2)],
    "daily_and_monthly_active_users": [
        (FIRST, 1, 1, 100.0),
        (SECOND, 1, 2, 50.0),
        (LATE, 1, 2, 50.0),
        (LAST, 1, 2, 50.0),
    ],
    "missing_songs": [("Kings", "Harmonia", 3)],
    "match_rate_by_day": [
        (FIRST, 4, 3, 3, 75.0),
        (SECOND, 2, 0, 0, 0.0),
        (LATE, 1, 1, 1, 100.0),
        (LAST, 1, 1, 1, 100.0),
    ],
    "at_a_glance": [(8, 2, 4, 7.0, 37.5, 5, 5)],
    "level_changes": [(dt.datetime(2018, 11, 1, 13, 0, 0, 796000), 15, "free", "paid", 2)],
    "listeners_by_level_and_gender": [("free", "F", 1, 2), ("free", "M", 1, 3), ("paid", "F", 1, 3)],
    "plays_by_day_and_level": [
        (FIRST, "free", 2),
        (FIRST, "paid", 2),
        (SECOND, "free", 2),
        (LATE, "free", 1),
        (LAST, "paid", 1),
    ],
    "plays_by_state": [("", 8, 2)],
    "plays_by_weekday_and_hour": [
        (2, 12, 1),
        (3, 12, 1),
        (4, 12, 2),
        (4, 13, 1),
        (4, 14, 1),
        (5, 12, 1),
        (5, 13, 1),
    ],
    "records_by_dataset": [("events", 4, 9, 9, 0, 0, 0), ("songs", 1, 1, 1, 0, 0, 0)],
    "rejects": [],
    "rejects_by_reason": [],
    "session_lengths": [(1, "under 5 min", 2, 2), (5, "1-2 h", 1, 2), (6, "2-4 h", 1, 4)],
    "top_devices": [("other", 8, 2)],
    "unknown_keys": [],
    "warnings": [],
    "weekly_retention": [(dt.date(2018, 10, 29), 0, 2), (dt.date(2018, 10, 29), 3, 2)],
}
OF_THE_CLOCK = {"holdings", "runs"}


def fill(warehouse: Engine, source: Source) -> None:
    source.song(song(duration=1800.0))
    for day, records in events().items():
        source.log(*records, day=day)
    etl(warehouse, source.folder)


def test_every_question_is_asked_here() -> None:
    assert ANSWERS.keys() | OF_THE_CLOCK == set(names("questions"))


def test_every_question_gets_its_one_right_answer(warehouse: Engine, source: Source) -> None:
    fill(warehouse, source)

    for name, expected in ANSWERS.items():
        answer = ask(warehouse, find_question(name))
        assert [tuple(map(_plain, row)) for row in answer.rows] == expected, name


def test_what_is_shown_as_the_sql_of_a_question_gives_its_answer(warehouse: Engine, source: Source) -> None:
    fill(warehouse, source)

    for name in names("questions"):
        question = find_question(name)
        shown = readable(question.text, values_of(question), warehouse.name)
        assert warehouse.native(shown).rows == ask(warehouse, question).rows, name


def test_a_downgrade_is_no_upgrade(warehouse: Engine, source: Source) -> None:
    levels = ("paid", "free", "paid", "paid", "free")
    source.log(*(play(item, level=level) for item, level in enumerate(levels)))
    etl(warehouse, source.folder)

    answer = ask(warehouse, find_question("upgrades"))

    assert [(row[0], row[-1]) for row in answer.rows] == [(15, 2)]


def test_a_change_is_seen_across_plays_without_a_level(warehouse: Engine, source: Source) -> None:
    source.log(*(play(item, level=level) for item, level in enumerate(("free", None, "paid"))))
    source.log(play(0, sessionId=39, userId="16", level=None), day="2018-11-02")
    listener = {"sessionId": 40, "userId": "17"}
    days = [play(0, level="free", **listener), play(1, level=None, **listener)]
    source.log(*days, play(2, level="paid", ts=NOON + DAY, **listener), day="2018-11-03")
    etl(warehouse, source.folder)

    upgrades = ask(warehouse, find_question("upgrades")).rows
    changes = ask(warehouse, find_question("level_changes")).rows
    sessions = ask(warehouse, find_question("sessions")).rows

    assert [(row[0], row[-1]) for row in upgrades] == [(15, 1), (17, 1)]
    assert [row[1:] for row in changes] == [(15, "free", "paid", 1), (17, "free", "paid", 1)]
    assert sorted((row[0] or "none", row[1]) for row in sessions) == [("changed", 2), ("none", 1)]


def test_days_choose_listeners_by_their_first_play_and_not_by_its_week(
    warehouse: Engine, source: Source
) -> None:
    source.log(play(0))  # on a Thursday
    etl(warehouse, source.folder)

    def retained(first: dt.date, last: dt.date) -> list[tuple[Any, ...]]:
        return ask(warehouse, find_question("weekly_retention"), None, first, last).rows

    assert retained(FIRST, FIRST) == [(dt.date(2018, 10, 29), 0, 1)]
    assert retained(dt.date(2018, 10, 29), dt.date(2018, 10, 31)) == []


@pytest.mark.parametrize(
    ("agent", "browser"),
    [
        ("Chrome/36.0 Safari/537 Edge/18", "Edge"),
        ("Chrome/36.0 Safari/537 OPR/22", "Opera"),
        ("Chrome/36.0 Safari/537", "Chrome"),
        ("CriOS/36 Safari/9537", "Chrome"),
        ("Version/7.0 Safari/537", "Safari"),
        ("Firefox/31.0", "Firefox"),
        ("compatible; MSIE 9.0;", "Internet Explorer"),
        ("Trident/7.0; rv:11.0", "Internet Explorer"),
        ("curl/8", "other"),
        (None, "other"),
    ],
)
def test_browsers_are_told_apart(
    duckdb_warehouse: Engine, source: Source, agent: str | None, browser: str
) -> None:
    source.log(play(0, userAgent=agent))
    etl(duckdb_warehouse, source.folder)

    assert ask(duckdb_warehouse, find_question("top_browsers")).rows[0][0] == browser


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | dt.date) else float(value)
