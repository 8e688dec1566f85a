"""Questions that need more than a count, against plain Python: faulty months, the real log, made-up lives."""

import datetime as dt
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sparkify.ask.explain import explain_play
from sparkify.ask.questions import ask, find_question
from sparkify.engines.base import Engine
from sparkify.simulate.service import Options, simulate
from tests import listener_oracle, oracle, question_oracle
from tests.builders import NOON, Record, Source, etl, event, play
from tests.question_oracle import Asked

QUESTIONS = (
    "weekly_retention", "level_changes", "upgrades", "sessions", "session_lengths", "plays_by_weekday",
    "plays_by_weekday_and_hour", "daily_and_monthly_active_users", "users_by_level_and_gender", "churn",
    "conversion", "signups_by_week", "month_ends", "other_pages", "rising_songs", "rising_artists",
    "concentration", "skips_by_day", "most_skipped_songs", "streams_by_day", "listeners_at_once",
)  # fmt: skip


HOUR = 3_600_000
PAGES = (
    "Upgrade", "Submit Upgrade", "Submit Downgrade", "Cancellation Confirmation", "Roll Advert", "Logout",
    "Home",
)  # fmt: skip


def assert_answers(
    warehouse: Engine, folder: Path, days: list[tuple[dt.date | None, dt.date | None]]
) -> None:
    """Every question, for each of these days and levels."""
    events, registered = oracle.events(folder), oracle.registrations(folder)
    for name in QUESTIONS:
        question = find_question(name)
        for first, last in days if "since" in question.takes else [(None, None)]:
            for level in (None, "free", "paid") if "level" in question.takes else (None,):
                asked = Asked(events, registered, first, last, level)
                rows = ask(warehouse, question, None, first, last, level).rows
                assert_equal(name, rows, asked, (first, last, level))


def assert_equal(name: str, rows: Sequence[tuple[Any, ...]], asked: Asked, why: object) -> None:
    """An answer and the oracle's."""
    expected = {**vars(question_oracle), **vars(listener_oracle)}[name](asked)
    found = [_told(name, row) for row in rows]
    if name == "users_by_level_and_gender":
        found = _added(found)
    assert len(found) == len(expected), (name, why)
    for row, right in zip(found, expected, strict=True):
        assert row == _about(name, right), (name, why)


def _told(name: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row with Python's own numbers, without a listener's name."""
    row = (row[0], *row[3:]) if name == "upgrades" else row
    return tuple(v if v is None or isinstance(v, str | int | dt.date) else float(v) for v in row)


def _added(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    levels = sorted({row[0] for row in rows}, key=str)
    found = [(level, sum(row[2] for row in rows if row[0] == level)) for level in levels]
    return sorted(found, key=str)


def _about(name: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The row; a number with a fraction may be off by half of its last decimal."""
    half = 0.005 if name == "listeners_at_once" else 0.05
    return tuple(pytest.approx(v, rel=0, abs=half + 1e-6) if isinstance(v, float) else v for v in row)


def test_every_answer_of_months_with_faults_is_that_of_plain_python(
    tmp_path: Path, warehouse: Engine
) -> None:
    music = tmp_path / "music"
    simulate(
        music, Options(listeners=40, days=75, songs=150, faults=0.03, seed=6, start=dt.date(2026, 1, 20))
    )
    etl(warehouse, music, "100%")

    day = dt.date(2026, 3, 1)
    assert_answers(warehouse, music, [(None, None), (day, None), (day, dt.date(2026, 3, 12))])


def test_every_answer_of_the_real_log_is_that_of_plain_python(real_data: Path, warehouse: Engine) -> None:
    etl(warehouse, real_data)

    assert_answers(warehouse, real_data, [(None, None), (dt.date(2018, 11, 20), dt.date(2018, 11, 25))])


def test_listeners_who_cancel_return_and_fall_silent_are_told_as_by_plain_python(
    warehouse: Engine, source: Source
) -> None:
    for user in range(1, 121):
        source.log(*life(user, random.Random(user)), day=f"2018-11-{user:03}")
    etl(warehouse, source.folder)

    assert_answers(warehouse, source.folder, [(None, None), (dt.date(2018, 11, 30), dt.date(2019, 1, 15))])
    churn = ask(warehouse, find_question("churn")).rows
    assert all(any(row[n] for row in churn) for n in (3, 4, 5, 6))


def test_a_log_that_begins_goes_on_and_ends_without_a_play_is_told_as_by_plain_python(
    warehouse: Engine, source: Source
) -> None:
    for user in range(1, 31):
        source.log(*life(user, random.Random(user)), day=f"2018-11-{user:03}")
        chance = random.Random(-user)
        source.log(
            *(
                event(itemInSession=n, ts=NOON + day * 24 * HOUR, sessionId=user * 1000 + 500 + n,
                      userId=str(user), page=chance.choice(("Home", *PAGES)),
                      level=chance.choice(("free", "paid")))
                for n, day in enumerate((-75, -40, 130 + user % 3, 195))
            ),
            day=f"2018-12-{user:03}",
        )  # fmt: skip
    etl(warehouse, source.folder)

    assert_answers(warehouse, source.folder, [(None, None), (dt.date(2018, 9, 1), dt.date(2019, 3, 20))])
    ends = [row[0] for row in ask(warehouse, find_question("month_ends")).rows]
    assert (ends[0], ends[-1], len(ends)) == (dt.date(2018, 8, 31), dt.date(2019, 5, 15), 8)


def test_who_is_back_by_the_end_of_a_month_has_not_left_in_it(warehouse: Engine, source: Source) -> None:
    def at(day: str, user: int, n: int, page: str = "NextSong", level: str = "paid") -> Record:
        moment = dt.datetime.fromisoformat(f"2018-{day}T00:00:00+00:00")
        make = play if page == "NextSong" else event
        its: Record = {"userId": str(user), "sessionId": 100 * user + n, "ts": int(moment.timestamp() * 1000)}
        return (
            make(n, level=level, **its)
            if make is play
            else make(itemInSession=n, page=page, level=level, **its)
        )

    gone = "Cancellation Confirmation"
    source.log(
        *(at(day, 1, n) for n, day in enumerate(("09-20", "10-20", "11-20", "12-05"))),  # stays
        at("09-20", 2, 0), at("10-20", 2, 1, gone),  # leaves
        at("09-20", 3, 0), at("10-20", 3, 1, gone), at("10-21", 3, 2, "Home"), at("10-22", 3, 3),  # returns
        at("09-20", 4, 0), at("10-10", 4, 1, "Submit Downgrade"), at("10-20", 4, 2, level="free"),
        at("09-20", 5, 0), at("10-10", 5, 1, "Submit Downgrade"), at("10-20", 5, 2, "Submit Upgrade"),
        at("10-21", 5, 3),
        at("09-05", 6, 0), at("10-20", 6, 1),  # silent for 45 days, and back
        at("09-20", 7, 0),  # silent
    )  # fmt: skip
    etl(warehouse, source.folder)

    october, november, _ = (row for row in ask(warehouse, find_question("churn")).rows if row[1] == "paid")

    assert [int(n) for n in october[3:8]] == [3, 1, 1, 2, 7]
    assert [int(n) for n in november[3:8]] == [3, 0, 0, 3, 4]
    assert_answers(warehouse, source.folder, [(None, None)])


def test_events_of_one_moment_come_by_session_and_position(warehouse: Engine, source: Source) -> None:
    def said(user: int, item: int, page: str, level: str, ts: int = NOON) -> Record:
        return event(userId=str(user), sessionId=user, itemInSession=item, page=page, level=level, ts=ts)

    source.log(
        said(1, 0, "Submit Upgrade", "free"), said(1, 1, "Home", "paid"),
        said(3, 0, "Submit Downgrade", "paid"), said(3, 1, "Home", "free"),
        said(3, 2, "Home", "paid", NOON + 1000),
        said(4, 0, "Cancellation Confirmation", "paid"), said(4, 1, "NextSong", "paid"),
        said(5, 0, "Home", "paid"), said(5, 1, "Cancellation Confirmation", "paid"),
    )  # fmt: skip
    etl(warehouse, source.folder)

    changes = ask(warehouse, find_question("level_changes")).rows
    found = {row[1]: row[3] for row in changes}

    for limit in range(1, 4):
        assert ask(warehouse, find_question("level_changes"), limit).rows == changes[:limit]
    assert found == {1: "proved", 3: "proved", 4: "contradicted", 5: "proved"}
    assert [row[4] for row in ask(warehouse, find_question("upgrades")).rows] == ["proved"]
    assert_answers(warehouse, source.folder, [(None, None)])


def life(user: int, chance: random.Random) -> list[Record]:
    """What the simulated service does not do: cancellations, adverts, songs without a length, two at once.

    Some events say no level, and some are sent again with another time.

    About four weeks lie between many plays: that is when a listener falls silent.
    """
    its: Record = {
        "userId": str(user),
        "registration": float(NOON + chance.randrange(-9 * 24, 40 * 24) * HOUR) * (1, 0.001, 1000)[user % 3],
    }
    found, day, level = [], chance.randrange(5), "free"
    while day < 100:
        level = chance.choice(("free", "paid", level))
        begin = NOON + 24 * day * HOUR + chance.randrange(-12, 12) * HOUR
        visit: Record = its | {"sessionId": 1000 * user + day, "level": level}
        for at in range(chance.randrange(4)):
            length = chance.choice((None, 20.0, 29.5, 30.5, 5000.0))
            pause = chance.choice((10, 30, 60, 4000))
            found.append(play(at, ts=begin, length=length, song=f"song {chance.randrange(9)}", **visit))
            begin += pause * 1000 * (at != 1)  # of three, the last two at one moment
        for at in range(10, 10 + chance.randrange(4)):
            begin += chance.choice((0, 5, 100, 7000)) * 1000
            said: Record = visit | {"level": chance.choice((level, level, None, "", " "))}
            found.append(event(itemInSession=at, page=chance.choice(PAGES), ts=begin, **said))
            if chance.random() < 0.2:  # sent again, by another clock
                found.append(found[-1] | {"ts": begin + chance.choice((-4000, 4000))})
        day += chance.choice((1, 5, 27, 28, 29, 45))
    return found


def test_a_listener_of_any_id_shares_a_session_number_with_nobody(warehouse: Engine, source: Source) -> None:
    apart, alike = 7000, 0  # milliseconds between nobody's plays and a listener's
    for session, user, later in (
        (1, "-1", 0), (1, "", apart), (2, "0", 0), (2, "", apart), (2, "-1", 0), (3, "2147483647", 0),
        (3, "", apart), (4, "-1", 0), (4, "", alike),
    ):  # fmt: skip
        for item in range(3):
            length = 100.0 + item + 500 * (user == "")
            record = play(item, userId=user, sessionId=session, length=length, ts=NOON + later + item * HOUR)
            source.log(record, day=f"2018-11-{len(list(source.folder.rglob('*.json'))) + 1:03}")
    etl(warehouse, source.folder)

    assert_answers(warehouse, source.folder, [(None, None)])
    for songplay_id in (row[0] for row in warehouse.query("SELECT songplay_id FROM songplay").rows):
        assert len(explain_play(warehouse, songplay_id).records) == 1


def test_a_listener_who_hears_two_songs_at_once_is_one(warehouse: Engine, source: Source) -> None:
    source.log(
        play(0, sessionId=1, length=1800.0, ts=NOON),
        play(0, sessionId=2, length=60.0, ts=NOON + 60_000),  # within the first
        play(0, sessionId=3, length=1800.0, ts=NOON + 1_200_000),  # beyond it
        play(0, sessionId=4, userId="8", length=9000.0, ts=NOON + 600_000),  # an hour of it
        play(0, sessionId=5, userId="", length=600.0, ts=NOON),  # nobody's
    )
    etl(warehouse, source.folder)

    found = ask(warehouse, find_question("listeners_at_once")).rows

    assert [(hour, most, float(average)) for hour, most, average in found] == [(12, 2, 1.67), (13, 1, 0.17)]


def test_listening_is_cut_to_the_days_asked_for(warehouse: Engine, source: Source) -> None:
    midnight = 1_541_030_400_000  # that begins 1 November 2018
    source.log(
        play(0, userId="7", ts=midnight - 600_000, length=1200.0),
        play(0, userId="8", sessionId=2, ts=midnight + 24 * HOUR - 600_000, length=2400.0),
        play(0, userId="9", sessionId=3, ts=midnight + 48 * HOUR, length=1.0),
    )
    etl(warehouse, source.folder)
    day = dt.date(2018, 11, 1)

    found = ask(warehouse, find_question("listeners_at_once"), first=day, last=day).rows

    # Ten minutes of 7's song after midnight, and ten of 8's before the next.
    assert [(hour, most, float(average)) for hour, most, average in found] == [(0, 1, 0.17), (23, 1, 0.17)]
    assert_answers(warehouse, source.folder, [(day, day), (None, day), (day, None)])
