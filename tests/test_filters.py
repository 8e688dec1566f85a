"""Filters and clocks: what a question says of some plays, by some clock, is what Python counts."""

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sparkify.ask.filters import LISTENERS, PLAYS, SESSIONS, Filters
from sparkify.ask.questions import Question, ask, find_question, list_questions
from sparkify.engines.base import Engine
from sparkify.errors import ConfigError
from sparkify.simulate.service import Options, simulate
from tests import oracle
from tests.builders import Source, etl, play
from tests.oracle import Event
from tests.question_oracle import Asked
from tests.test_answers import QUESTIONS, assert_equal
from tests.test_questions import LILY, UNDO, fill

COLUMN = {
    "title": "title", "artist": "artist_name", "listener": "user_id", "place": "location",
    "state": "CASE location WHEN 'Tulsa, OK' THEN 'OK' WHEN 'Augusta, GA-SC' THEN 'GA' END",
}  # fmt: skip
ZONES = ("America/New_York", "Asia/Kolkata", "Pacific/Auckland")
"""One that puts its clock back, one of half an hour, and one whose day begins the day before."""


@pytest.fixture
def plays(warehouse: Engine, source: Source) -> Engine:
    """A few plays of several listeners, places and hours; clocks in New York go back on 4 Nov 2018."""
    fill(warehouse, source)
    source.log(
        play(5, **(LILY | UNDO | {"song": None, "artist": None, "userId": "", "location": None})),
        day="2018-11-03",
    )
    source.log(
        play(6, **(LILY | UNDO | {"location": "Tulsa, OK"})),
        play(7, **(LILY | UNDO | {"location": "Augusta, GA-SC"})),
        *(
            play(n, **(LILY | UNDO | {"sessionId": 50 + n}), ts=1541293200_000 + n * 2_700_000)
            for n in range(9)  # from 01:00 UTC on that day, every 45 minutes
        ),
        *(
            play(20 + n, **(LILY | UNDO | {"sessionId": 70}), ts=ts)
            for n, ts in enumerate((1541032200_000, 1542843000_000))  # half an hour from midnight
        ),
        day="2018-11-04",
    )  # fmt: skip
    etl(warehouse, source.folder)
    return warehouse


def of_plays() -> list[Question]:
    """The questions that count plays, each by itself: of what lies between plays, `listening` knows more."""
    return [one for one in list_questions() if one.about == PLAYS and "FROM listening" not in one.text]


def test_an_answer_under_filters_is_that_of_a_star_that_has_no_other_plays(plays: Engine) -> None:
    asked = of_plays()
    assert len(asked) > 20

    for chosen in (
        Filters(artist="Nightbirds"),
        Filters(title="Kings", listener=16),
        Filters(place="Lyon", artist="Harmonia"),
        Filters(listener=7),
        Filters(state="GA"),
        Filters(state="OK", artist="Nightbirds"),
    ):
        found = {one.name: ask(plays, one, None, filters=chosen).rows for one in asked}
        with pytest.raises(ZeroDivisionError), plays.transaction():
            for name, value in chosen.values.items():
                other = f"{COLUMN[name]} IS NULL OR {COLUMN[name]} <> :value"
                plays.execute(f"DELETE FROM songplay WHERE {other}", {"value": value})
            alone = {one.name: ask(plays, one, None).rows for one in asked}
            raise ZeroDivisionError  # nothing of it is kept

        assert found == alone, chosen
    # They are averages over the days of the log, not over those that the filters leave.
    fridays = ask(plays, find_question("plays_by_weekday"), filters=Filters(listener=16, artist="Harmonia"))
    assert [(name, float(n), days) for _, name, n, _, days in fridays.rows] == [("Friday", 0.7, 3)]
    assert len(ask(plays, find_question("latest_plays"), None).rows) == 22


@pytest.mark.parametrize("name", ZONES)
def test_an_answer_by_a_clock_is_that_of_a_star_whose_plays_begin_when_it_says(
    plays: Engine, name: str
) -> None:
    zone, asked = zoneinfo.ZoneInfo(name), [one for one in of_plays() if "timezone" in one.filters]
    assert len(asked) > 20
    first = last = dt.date(2018, 11, 3)  # in New York it holds a part of the 4th
    of, by = Filters(artist="Nightbirds"), Filters(artist="Nightbirds", timezone=name)

    def answers(filters: Filters) -> dict[str, list[list[tuple[Any, ...]]]]:
        return {
            one.name: [
                ask(plays, one, None, *days, filters=filters).rows
                for days in ((None, None), (first, last))
                if "since" in one.takes or days[0] is None
            ]
            for one in asked
        }

    found = answers(by)

    with pytest.raises(ZeroDivisionError), plays.transaction():
        for table in ("songplay", "time"):
            begun = [at for (at,) in plays.query(f"SELECT DISTINCT start_time FROM {table}").rows]
            for at in sorted(begun, reverse=local(begun[0], zone) > begun[0]):
                plays.execute(
                    f"UPDATE {table} SET start_time = :local WHERE start_time = :at",
                    {"local": local(at, zone) + dt.timedelta(days=36500), "at": at},
                )
            plays.execute(f"UPDATE {table} SET start_time = DATEADD(day, -36500, start_time)")
        moved = answers(of)
        raise ZeroDivisionError  # nothing of it is kept

    by_days = [[{row[0] for row in rows} for rows in one.pop("latest_plays")] for one in (found, moved)]
    assert by_days[0] == by_days[1]  # it is of these days by the clock, and its moments are UTC
    assert found == moved
    assert found["plays_by_hour"] != answers(of)["plays_by_hour"]


def local(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC).astimezone(zone).replace(tzinfo=None)


def is_chosen(one: Event, filters: Filters) -> bool:
    """Whether a play is one of those that the filters leave."""
    says = {
        "title": one.title, "artist": one.artist, "listener": one.user_id, "place": one.location,
        "state": (one.location or "").partition(", ")[2].partition("-")[0],
    }  # fmt: skip
    return one.is_play and all(says[name] == value for name, value in filters.params.items())


def narrowed(question: Question, asked: Asked, filters: Filters) -> Asked:
    """What filters leave of it, by what the question is about."""
    chosen = [one for one in asked.events if is_chosen(one, filters)]
    if question.about == LISTENERS:
        users = {one.user_id for one in chosen}
        if filters.listener is not None and filters.params.keys() == {"listener"}:
            users = {filters.listener}
        its = [one for one in asked.events if one.user_id in users - {None}]
        registered = {user: at for user, at in asked.registered.items() if user in users}
        return replace(asked, events=its, registered=registered, whole=asked.events)
    if question.about == SESSIONS:
        sessions = {(one.session, one.user_id) for one in chosen}
        return replace(asked, counts=lambda one: (one.session, one.user_id) in sessions)
    return replace(asked, counts=lambda one: is_chosen(one, filters))


def by_clock(question: Question, asked: Asked, filters: Filters) -> Asked:
    """By another clock: plays begin when it says, and are heard for as long as before."""
    zone = zoneinfo.ZoneInfo(filters.clock)
    if question.about == SESSIONS:
        return replace(asked, zone=zone)
    heard = {one._replace(moment=local(one.moment, zone)): told for one, told in asked.heard.items()}
    moved = replace(asked, events=[one._replace(moment=local(one.moment, zone)) for one in asked.events])
    vars(moved)["heard"] = heard
    return moved


def test_every_answer_of_some_plays_sessions_or_listeners_is_that_of_plain_python(
    tmp_path: Path, warehouse: Engine
) -> None:
    music = tmp_path / "music"
    simulate(music, Options(listeners=30, days=75, songs=60, faults=0.03, seed=8, start=dt.date(2026, 1, 20)))
    etl(warehouse, music, "100%")
    events, registered = oracle.events(music), oracle.registrations(music)
    some = next(one for one in events if one.is_play and one.user_id and one.artist and one.location)
    day = dt.date(2026, 3, 1)

    for filters in (
        Filters(artist=some.artist),
        Filters(listener=some.user_id),
        Filters(state=str(some.location).partition(", ")[2].partition("-")[0], artist=some.artist),
        Filters(place=some.location, title=some.title),
        Filters(timezone="America/New_York"),
        Filters(artist=some.artist, timezone="Australia/Adelaide"),
    ):
        for name in QUESTIONS:
            question = find_question(name)
            if not filters.values.keys() <= question.filters:
                continue
            for first, last in (
                [(None, None), (day, dt.date(2026, 3, 29))] if "since" in question.takes else [(None, None)]
            ):
                asked = narrowed(question, Asked(events, registered, first, last), filters)
                if filters.timezone:
                    asked = by_clock(question, asked, filters)
                rows = ask(warehouse, question, None, first, last, filters=filters).rows
                assert_equal(name, rows, asked, (filters, first, last))


def test_what_tells_of_the_warehouse_takes_no_filter_and_what_compares_moments_no_clock(
    warehouse: Engine,
) -> None:
    none: Sequence[str] = [one.name for one in list_questions() if not one.filters]
    utc = [one.name for one in list_questions() if one.filters and "timezone" not in one.filters]

    assert none == [one.name for one in list_questions() if one.topic == "warehouse"]
    assert set(utc) == {
        "listeners_at_once",
        *(one.name for one in list_questions() if one.about == LISTENERS),
    }
    for name in none:
        with pytest.raises(ConfigError, match=f"{name} takes no artist: it is not about plays"):
            ask(warehouse, find_question(name), filters=Filters(artist="Nightbirds"))
    for name in utc:
        with pytest.raises(ConfigError, match=f"{name} takes no timezone: it is answered in UTC"):
            ask(warehouse, find_question(name), filters=Filters(timezone="Europe/Berlin"))


@pytest.mark.parametrize(
    "name",
    [
        "Berlin",
        "europe/berln",
        "../etc/passwd",
        "UTC'; --",
        "Europe",
        "Ü",
        " ",
        "localtime",
        "right/Asia/Tokyo",
    ],
)
def test_a_time_zone_that_there_is_not_is_named(name: str) -> None:
    with pytest.raises(ConfigError, match="there is no time zone"):
        Filters(timezone=name)


def test_sessions_of_days_are_those_with_such_a_play_on_them(plays: Engine) -> None:
    """Whatever the clock, at_a_glance and the sessions are of the same days, also where it is put back."""
    glance, lengths = (find_question(name) for name in ("at_a_glance", "session_lengths"))
    for name in (None, *ZONES, "America/St_Johns"):
        for artist in (None, "Nightbirds", "Harmonia"):
            for first in (dt.date(2018, 10, 31) + dt.timedelta(days=n) for n in range(7)):
                filters = Filters(artist=artist, timezone=name)
                found = ask(plays, glance, None, first, first, filters=filters).rows[0]
                rows = ask(plays, lengths, None, first, first, filters=filters).rows
                assert sum(row[2] for row in rows) == found[2], (name, artist, first)
    early = ask(
        plays, find_question("sessions"), None, dt.date(1, 1, 1), filters=Filters(timezone="Asia/Tokyo")
    )
    assert sum(row[1] for row in early.rows) == 15


def test_days_or_a_level_that_a_question_does_not_take_are_refused(warehouse: Engine) -> None:
    for name, values, said in (
        ("plays_by_level", (None, None, "paid"), "level"),
        ("users_by_level_and_gender", (dt.date(2018, 11, 1), None, None), "since"),
    ):
        with pytest.raises(ConfigError, match=f"{name} takes no {said}"):
            ask(warehouse, find_question(name), None, *values)


def test_utc_is_no_other_clock() -> None:
    assert Filters(timezone="UTC") == Filters(timezone="") == Filters()
