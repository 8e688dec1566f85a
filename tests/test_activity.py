"""Who listens when: a day by its hours, and stickiness, against Python's own count of the raw records."""

import datetime as dt
from collections import Counter
from typing import Any

import pytest

from sparkify.ask import activity, chart_data
from sparkify.ask.filters import Filters
from sparkify.ask.overview import Selection
from sparkify.ask.periods import Period, find_periods
from sparkify.ask.report import gather_part
from sparkify.engines.base import Engine
from sparkify.formatting import percent
from tests.builders import NOON, Source, etl, play
from tests.test_report import DAY, NOW, page_of

FIRST = dt.date(2018, 10, 20)
HOUR = 3_600_000
LENGTH = 41


def written(source: Source) -> list[dict[str, Any]]:
    """Logs of 41 days, four of them silent (one is the thirtieth), read back as the raw records."""
    plays = []
    for day in set(range(LENGTH)) - {5, 29, 33, 34}:
        found = [
            play(
                item,
                sessionId=100 * day + user,
                userId=str(user),
                level="paid" if (user + day) % 4 else "free",
                artist=("Kings", "Nightbirds")[(user + day) % 2],
                ts=NOON - 12 * HOUR + (day - 12) * DAY + (5 * user + 7 * item + day) % 24 * HOUR,
            )
            for user in range(1, 9)
            if (day * user) % 5 < 2
            for item in range(1 + (user + day) % 3)
        ]
        source.log(*found, day=str(FIRST + dt.timedelta(days=day)))
        plays += found
    return plays


def moment_of(record: dict[str, Any]) -> dt.datetime:
    return dt.datetime.fromtimestamp(record["ts"] / 1000, dt.UTC)


def stickiness(plays: list[dict[str, Any]], days: int) -> tuple[float, int]:
    """The sum of the daily shares of the log's last days, and over how many days."""
    played = {((moment_of(one).date() - FIRST).days, one["userId"]) for one in plays}
    shares = []
    for day in range(max(LENGTH - days, 29), LENGTH):
        daily = sum(at == day for at, _ in played)
        month = len({user for at, user in played if day - 30 < at <= day})
        shares.append(daily / month if month else 0)
    return sum(shares), len(shares)


def test_stickiness_is_the_average_of_the_days_of_its_period(warehouse: Engine, source: Source) -> None:
    plays = written(source)
    etl(warehouse, source.folder)

    views = page_of(warehouse)["views"]

    for key, days in (("7", 7), ("28", 28), ("all", LENGTH)):
        for level in ("all", "paid", "free"):
            its = [one for one in plays if level in ("all", one["level"])]
            share, counted = stickiness(its, days)
            picture = views[f"{key}-{level}"]["pictures"]["active"]
            told = "" if counted == days else f" of the last {counted} days"
            assert picture["title"].endswith(f"; stickiness{told} is {percent(share, counted)}"), (key, level)
            assert f"the average of {counted} days" in picture["note"], (key, level)


@pytest.mark.parametrize("filters", [Filters(), Filters(artist="Kings")], ids=("all plays", "an artist"))
def test_a_day_is_shown_by_its_hours_and_its_title_is_what_they_tell(
    warehouse: Engine, source: Source, filters: Filters
) -> None:
    plays = written(source)
    etl(warehouse, source.folder)
    day = FIRST + dt.timedelta(days=7)
    its = [one for one in plays if moment_of(one).date() == day and filters.artist in (None, one["artist"])]

    page = gather_part(warehouse, Selection(filters, day, day), NOW)
    two = gather_part(warehouse, Selection(filters, day, day + dt.timedelta(days=1)), NOW)

    for level in ("all", "paid", "free"):
        view, shown = page["views"][f"chosen-{level}"], two["views"][f"chosen-{level}"]
        hours = Counter(moment_of(one).hour for one in its if level in ("all", one["level"]))
        picture = view["pictures"]["days"]
        most = max(hours.values())
        first, *others = sorted(hour for hour, n in hours.items() if n == most)
        assert (picture["kind"], picture["question"]) == ("hours", "plays_by_hour")
        assert dict(zip(picture["x"], picture["y"], strict=True)) == {h: hours[h] for h in range(24)}
        assert picture["title"].startswith(f"{first:02}:00 to {first:02}:59 UTC ")
        assert (" and " in picture["title"]) == bool(others)
        assert f": {most} play" in picture["title"]
        assert ("by hour", hours.total()) in view["sums"]
        assert len({n for _, n in view["sums"]}) == 1
        assert (shown["pictures"]["days"]["kind"], len(shown["pictures"]["days"]["x"])) == ("days", 2)
    assert page["periods"][0]["words"].startswith("27 Oct 2018")


def test_the_first_of_hours_that_are_alike_is_named_and_hours_may_be_any_number() -> None:
    found = activity.hours([(23.0, 2), (4.0, 2), (7.0, 1)], FIRST, "UTC")

    assert found["title"] == "04:00 to 04:59 UTC and 1 more hour are the busiest: 2 plays each"
    assert found["note"] == "5 plays on Sat 20 Oct 2018."
    assert (sum(found["y"]), found["y"][4], found["y"][23]) == (5, 2, 2)


@pytest.mark.parametrize("length", [731, 732, 3000])
def test_a_long_history_is_drawn_by_weeks_and_no_play_is_lost(length: int) -> None:
    first = dt.date(2018, 11, 1)  # a Thursday
    days = [first + dt.timedelta(days=n) for n in range(length)]
    period = Period("all", "All", first, days[-1], None, first)
    plays = [
        (day, level, (n * 7 + len(level)) % 5) for n, day in enumerate(days) for level in ("free", "paid")
    ]

    drawn = chart_data.days(plays, period)
    matched = chart_data.matching(
        [(day, n % 9, n % 4, n % 5, 0) for n, day in enumerate(days) if n % 9], period
    )
    daily = activity.active([(day, 1 + n % 3, 9, 0) for n, day in enumerate(days)], period)

    weekly = length > 731
    assert drawn["step"] == matched["step"] == daily["step"] == ("week" if weekly else "day")
    assert drawn["x"] == matched["x"] == daily["x"]
    assert drawn["x"][0] == ("2018-10-29" if weekly else "2018-11-01")
    assert sum(sum(y) for _, y in drawn["series"]) == sum(n for *_, n in plays)
    by_week: Counter[str] = Counter()
    for day, _, n in plays:
        by_week[str(day - dt.timedelta(days=day.weekday() * weekly))] += n
    assert [sum(y[at] for _, y in drawn["series"]) for at in range(len(drawn["x"]))] == list(by_week.values())
    assert daily["daily"][0] == (1.8 if weekly else 1)  # Thursday to Sunday: 1, 2, 3, 1
    assert set(daily["monthly"]) == {9}
    whole = [sum(n % k for n in range(length) if n % 9) for k in (9, 4)]
    assert matched["title"].startswith(percent(whole[1], whole[0]))


def test_what_is_the_busiest_with_others_is_said_to_be_so() -> None:
    day = dt.date(2018, 11, 1)
    days = [(day + dt.timedelta(days=n), "free", 2) for n in (2, 0, 1)]
    [*_, period] = find_periods(day, day + dt.timedelta(days=2))

    told = chart_data.days(days, period)["title"]
    hour = activity.hours([(5, 2), (4, 2), (9, 1)], day, "UTC")["title"]
    week = chart_data.week([(4, 12, 2, 2, 1), (5, 12, 2, 2, 1), (6, 1, 1, 1, 1)], period, "UTC")["title"]

    assert told == "Thu 1 Nov 2018 and 2 more days are the busiest: 2 plays each"
    assert hour == "04:00 to 04:59 UTC and 1 more hour are the busiest: 2 plays each"
    assert week == "Thursday and 1 more weekday are the busiest: 2 plays each"


@pytest.mark.parametrize("length", [29, 30, 31])
def test_a_line_of_a_single_point_is_said_and_not_drawn(length: int) -> None:
    days = [FIRST + dt.timedelta(days=n) for n in range(length)]
    rows = [(day, 3, 7 if n >= 29 else None, None) for n, day in enumerate(days)]
    [period] = find_periods(FIRST, days[-1], days[-1])[-1:]

    found = activity.active(rows, period)

    assert [n for n in found["monthly"] if n is not None] == ([7, 7] if length == 31 else [])
    assert ("7 listeners played in those 30 days." in found["note"]) is (length == 30)
