"""Every question has one right answer on a source small enough to count by hand."""

import datetime as dt
import json
from typing import Any

import pytest

from sparkify.ask.questions import ask, find_question, values_of
from sparkify.engines.base import Engine
from sparkify.engines.registry import find_engine
from sparkify.sql import names
from tests.builders import NOON, Record, Source, etl, event, play, rows, song

MINUTE, DAY = 60_000, 86_400_000
FIRST, SECOND, LATE, LAST = (dt.date(2018, 11, day) for day in (1, 2, 20, 21))

LILY: Record = {"userId": "15", "firstName": "Lily", "gender": "F", "sessionId": 1, "location": "Lyon",
                "userAgent": '"Chrome/36.0 Safari/537"'}  # fmt: skip
JOE: Record = {"userId": "16", "firstName": "Joe", "lastName": "Poe", "gender": "M", "location": "Basel",
               "userAgent": "Firefox/31.0"}  # fmt: skip
UNDO: Record = {"song": "Undo", "artist": "Nightbirds", "length": 1800.0}
UPGRADED = dt.datetime(2018, 11, 1, 12, 45, 0, 796000)
KINGS: Record = {"song": "Kings", "artist": "Harmonia", "length": 5400.0}


def moment(milliseconds: int) -> dt.datetime:
    """So long after noon."""
    return dt.datetime(2018, 11, 1, 12, 0, 0, 796000) + dt.timedelta(milliseconds=milliseconds)


def events() -> dict[str, list[Record]]:
    """Thursday: Lily plays twice free, upgrades, plays twice paid. Friday and weeks later: Joe, free."""
    return {
        "2018-11-01": [
            play(0, **(LILY | UNDO), level="free", ts=NOON),
            play(1, **(LILY | UNDO), level="free", ts=NOON + 30 * MINUTE),
            play(2, **(LILY | KINGS), level="paid", ts=NOON + 60 * MINUTE),
            play(3, **(LILY | UNDO), level="paid", ts=NOON + 150 * MINUTE),
            event(**LILY, itemInSession=9, page="Submit Upgrade", level="free", ts=NOON + 45 * MINUTE),
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
    "latest_plays": [
        (4_000_000, moment(20 * DAY), 15, "paid", "Undo", "Nightbirds", "Lyon"),
        (3_000_000, moment(19 * DAY), 16, "free", "Undo", "Nightbirds", "Basel"),
        (2_000_001, moment(DAY + 90 * MINUTE), 16, "free", "Kings", "Harmonia", "Basel"),
        (2_000_000, moment(DAY), 16, "free", "Kings", "Harmonia", "Basel"),
        (1_000_003, moment(150 * MINUTE), 15, "paid", "Undo", "Nightbirds", "Lyon"),
        (1_000_002, moment(60 * MINUTE), 15, "paid", "Kings", "Harmonia", "Lyon"),
        (1_000_001, moment(30 * MINUTE), 15, "free", "Undo", "Nightbirds", "Lyon"),
        (1_000_000, moment(0), 15, "free", "Undo", "Nightbirds", "Lyon"),
    ],
    "most_popular_artists": [("Nightbirds", 5, 2), ("Harmonia", 3, 2)],
    "most_active_users": [(15, "Lily", "Koch", "paid", 5), (16, "Joe", "Poe", "free", 3)],
    "plays_by_hour": [(12, 5), (13, 2), (14, 1)],
    "plays_by_weekday": [
        (2, "Tuesday", 0.3, 1, 3),
        (3, "Wednesday", 0.3, 1, 3),
        (4, "Thursday", 1.3, 4, 3),
        (5, "Friday", 0.7, 2, 3),
    ],
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
        ("changed", 1, 4.0, 4, 180.0, 180.0),
        ("free", 2, 1.5, 2, 105.0, 180.0),
        ("paid", 1, 1.0, 1, 30.0, 30.0),
    ],
    "upgrades": [(15, "Lily", "Koch", UPGRADED, "proved", 2, 2)],
    "daily_and_monthly_active_users": [
        (FIRST, 1, None, None),
        (SECOND, 1, None, None),
        (LATE, 1, None, None),
        (LAST, 1, None, None),
    ],
    "missing_songs": [("Kings", "Harmonia", 3)],
    "match_rate_by_day": [
        (FIRST, 4, 3, 3, 75.0),
        (SECOND, 2, 0, 0, 0.0),
        (LATE, 1, 1, 1, 100.0),
        (LAST, 1, 1, 1, 100.0),
    ],
    "at_a_glance": [(8, 2, 4, 7.0, 37.5, 5, 5, 25200, 3)],
    "level_changes": [(UPGRADED, 15, "upgrade", "proved", 2)],
    "listeners_by_level_and_gender": [("free", "F", 1, 2), ("free", "M", 1, 3), ("paid", "F", 1, 3)],
    "plays_by_day_and_level": [
        (FIRST, "free", 2),
        (FIRST, "paid", 2),
        (SECOND, "free", 2),
        (LATE, "free", 1),
        (LAST, "paid", 1),
    ],
    "plays_by_state": [(None, 8, 2)],
    "plays_by_weekday_and_hour": [
        (2, 12, 0.3, 1, 3),
        (3, 12, 0.3, 1, 3),
        (4, 12, 0.7, 2, 3),
        (4, 13, 0.3, 1, 3),
        (4, 14, 0.3, 1, 3),
        (5, 12, 0.3, 1, 3),
        (5, 13, 0.3, 1, 3),
    ],
    "churn": [],
    "concentration": [
        *((f"top {share} %", 62.5, 5, 1) for share in (1, 5, 10, 25, 50)),
        ("top 100 %", 100.0, 8, 2),
    ],
    "conversion": [
        (1, "free listener", 2, None, 100.0, 2.5),
        (2, "opened Upgrade", 0, 0.0, 0.0, None),
        (3, "submitted the upgrade", 0, None, 0.0, None),
    ],
    "listeners_at_once": [(12, 1, 0.14), (13, 1, 0.07), (14, 1, 0.05), (15, 1, 0.0)],
    "month_ends": [(LAST, 1, 1, 0, None, "in part")],
    "most_skipped_songs": [],
    "other_pages": [("Home", 1, 1, 20.0, 1), ("Submit Upgrade", 1, 1, 20.0, 1)],
    "rising_artists": [
        ("Nightbirds", 2, 2, 0, "rising", dt.date(2018, 11, 12), 10),
        ("Harmonia", -2, 0, 2, "gone", dt.date(2018, 11, 12), 10),
    ],
    "rising_songs": [
        ("Undo", "Nightbirds", 2, 2, 0, "rising", dt.date(2018, 11, 12), 10),
        ("Kings", "Harmonia", -2, 0, 2, "gone", dt.date(2018, 11, 12), 10),
    ],
    "signups_by_week": [(dt.date(2018, 10, 29), 2, None, "in part")],
    "skips_by_day": [(FIRST, 0.0, 0, 4), (SECOND, 0.0, 0, 2), (LATE, 0.0, 0, 1), (LAST, 0.0, 0, 1)],
    "streams_by_day": [
        (FIRST, 4, 4, 100.0, 0),
        (SECOND, 2, 2, 100.0, 0),
        (LATE, 1, 1, 100.0, 0),
        (LAST, 1, 1, 100.0, 0),
    ],
    "records_by_dataset": [("events", 4, 10, 10, 0, 0, 0), ("songs", 1, 1, 1, 0, 0, 0)],
    "rejects": [],
    "rejects_by_reason": [],
    "session_lengths": [(4, "30-60 min", 2, 2), (6, "2-4 h", 2, 6)],
    "top_devices": [("other", 8, 2)],
    "unknown_keys": [],
    "warnings": [],
    "weekly_retention": [
        (dt.date(2018, 10, 29), 0, 100.0, 2, 2, "in part"),
        (dt.date(2018, 10, 29), 3, 100.0, 2, 2, "in part"),
    ],
}
OF_THE_CLOCK = {"holdings", "loads", "runs"}


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
        shown = find_engine(warehouse.name).translate(question.text, values_of(question))
        assert warehouse.native(shown).rows == ask(warehouse, question).rows, name


def change(minute: int, page: str, level: str | None = "free", **changes: Any) -> Record:
    """A page of Lily's at a minute after noon."""
    return event(itemInSession=minute, page=page, level=level, ts=NOON + minute * MINUTE, **changes)


def test_changes_are_what_the_pages_say_and_the_next_event_proves_them(
    warehouse: Engine, source: Source
) -> None:
    source.log(
        change(0, "Submit Upgrade"),  # before the first play of all
        play(1, level=None, ts=NOON + MINUTE),  # tells no level
        play(2, level="paid", ts=NOON + 2 * MINUTE),
        change(3, "Submit Downgrade", "paid"),
        play(4, level="paid", ts=NOON + 4 * MINUTE),  # still paid
        change(5, "Submit Upgrade", "paid"),
        change(5, "Submit Upgrade", "paid"),  # the same record again
        change(6, "Cancel", "paid"),
        change(7, "Cancellation Confirmation", "paid"),
        event(page="Submit Upgrade", userId="", itemInSession=8),  # nobody's
    )
    source.log(
        change(0, "Cancellation Confirmation", "paid", userId="16"),
        play(1, userId="16", level="free", ts=NOON + MINUTE),
        change(2, "Submit Upgrade", userId="16"),
        day="2018-11-02",
    )
    etl(warehouse, source.folder)

    changes = ask(warehouse, find_question("level_changes")).rows
    upgrades = ask(warehouse, find_question("upgrades")).rows

    assert [(row[0].minute, *row[1:]) for row in changes] == [
        (0, 15, "upgrade", "proved", 0),
        (0, 16, "cancellation", "contradicted", 0),
        (2, 16, "upgrade", "open", 1),
        (3, 15, "downgrade", "contradicted", 2),
        (5, 15, "upgrade", "proved", 3),
        (7, 15, "cancellation", "proved", 3),
    ]
    assert [(row[0], row[3].minute, *row[4:]) for row in upgrades] == [
        (15, 0, "proved", 2, 0), (16, 2, "open", 2, 1), (15, 5, "proved", 2, 3)
    ]  # fmt: skip


def test_of_several_levels_at_the_next_moment_one_that_agrees_is_proof(
    warehouse: Engine, source: Source
) -> None:
    source.log(
        change(0, "Submit Upgrade"),
        event(itemInSession=1, page="Home", level="free", ts=NOON + MINUTE),
        event(itemInSession=2, page="Settings", level="paid", ts=NOON + MINUTE),
        change(3, "Submit Downgrade", "paid"),
        event(itemInSession=4, page="Home", level="trial", ts=NOON + 4 * MINUTE),
        change(5, "Submit Upgrade"),
        event(itemInSession=6, page="Home", level="trial", ts=NOON + 6 * MINUTE),
    )
    etl(warehouse, source.folder)

    changes = ask(warehouse, find_question("level_changes")).rows
    upgrades = ask(warehouse, find_question("upgrades")).rows

    assert [row[3] for row in changes] == ["proved", "contradicted", "contradicted"]
    assert [row[4] for row in upgrades] == ["proved", "contradicted"]


def test_who_cancelled_is_neither_free_nor_paid_until_they_return(warehouse: Engine, source: Source) -> None:
    gone = "Cancellation Confirmation"
    source.log(
        change(0, gone, "paid"),
        change(0, gone, "paid", userId="16", gender="M"),
        change(1, "Home", "free", userId="16", gender="M"),
        change(0, "Home", "paid", userId="17"),
    )
    etl(warehouse, source.folder)

    found = ask(warehouse, find_question("users_by_level_and_gender")).rows

    assert found == [("cancelled", "F", 1), ("free", "M", 1), ("paid", "F", 1)]


def test_a_session_ends_with_its_last_song_or_with_the_logout_and_a_page_does_not_end_it(
    warehouse: Engine, source: Source
) -> None:
    def session(number: int, *pages: Record) -> list[Record]:
        return [play(0, sessionId=number, length=600.0, ts=NOON), *pages]

    source.log(
        *session(1),
        *session(2, change(1, "Home", sessionId=2)),
        *session(3, change(1, "Logout", sessionId=3)),
        *session(4, change(11, "Logout", sessionId=4)),
        *session(5, play(1, sessionId=5, length=None, ts=NOON + 20 * MINUTE)),
        *session(6, play(0, sessionId=6, userId="16", length=6000.0, ts=NOON)),  # another listener's
        *session(7, play(0, sessionId=7, length=10.0, ts=NOON - 1)),  # the first record of one play
        *session(8, change(1, "Logout", sessionId=8, userId="16")),
    )
    etl(warehouse, source.folder)

    lengths = ask(warehouse, find_question("session_lengths")).rows
    sessions = ask(warehouse, find_question("sessions")).rows

    assert lengths == [
        (1, "under 5 min", 2, 2),
        (2, "5-15 min", 5, 5),
        (3, "15-30 min", 1, 2),
        (5, "1-2 h", 1, 1),
    ]
    assert [tuple(map(_plain, row)) for row in sessions] == [("paid", 9, 1.1, 2, 19.0, 100.0)]


def test_a_file_that_grew_is_one_file_in_every_answer(warehouse: Engine, source: Source) -> None:
    file = source.log(play(0) | {"mood": 1}, "{broken", "")
    etl(warehouse, source.folder)
    with file.open("a") as log:
        log.write(json.dumps(play(1) | {"mood": 1}) + "\n{broken\n")
    etl(warehouse, source.folder)

    files = {
        name: [row[at] for row in ask(warehouse, find_question(name)).rows]
        for name, at in (("records_by_dataset", 1), ("rejects_by_reason", 3), ("unknown_keys", 3))
    }

    assert rows(warehouse, "SELECT COUNT(*) AS n FROM etl_file") == [(2,)]
    assert files == {"records_by_dataset": [1], "rejects_by_reason": [1], "unknown_keys": [1]}


@pytest.mark.parametrize(
    ("agent", "browser"),
    [
        ("Chrome/36.0 Safari/537 Edge/18", "Edge"),
        ("Chrome/36.0 Safari/537 OPR/22", "Opera"),
        ("Chrome/36.0 Safari/537", "Chrome"),
        ("CriOS/36 Safari/9537", "Chrome"),
        ("GSA/4.0 Mobile/11D201 Safari/9537", "Google app"),
        ("Version/7.0 Safari/537", "Safari"),
        ("Firefox/31.0", "Firefox"),
        ("FxiOS/14.0 Mobile/15E148 Safari/605.1.15", "Firefox"),
        ("OPiOS/16.0 Mobile/15E148 Safari/9537", "Opera"),
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


def test_days_before_the_log_leave_nothing_to_compare_with_however_early(
    warehouse: Engine, source: Source
) -> None:
    fill(warehouse, source)

    for name in ("rising_songs", "rising_artists"):
        for first in (dt.date(1970, 1, 1), dt.date(1970, 1, 2), dt.date(1, 1, 2)):
            assert ask(warehouse, find_question(name), first=first).rows == [], (name, first)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | dt.date) else float(value)
