"""The picture that the dashboard draws of any answer: what it is, the columns tell."""

import datetime as dt
from decimal import Decimal

import pytest

from sparkify.ask.charts import BARS, chart
from sparkify.engines.base import Result

MONDAY, NEXT = dt.date(2018, 11, 5), dt.date(2018, 11, 12)


def test_a_count_by_day_is_a_line() -> None:
    found = chart(Result(("day", "plays", "listeners"), [(MONDAY, 3, 2), (NEXT, Decimal(4), 2)]))

    assert found
    assert (found["kind"], found["title"], found["x"]) == (
        "series",
        "Mon 12 Nov 2018 has the most plays: 4",
        [f"2018-11-{day:02}" for day in range(5, 13)],
    )
    assert found["y"] == [3.0, *[None] * 6, 4.0]  # nobody knows what a day without a row was
    assert found["note"] == "6 days have no row: a gap."


def test_a_count_by_week_or_month_says_so() -> None:
    weeks = chart(Result(("week", "signups"), [(MONDAY, 3), (MONDAY + dt.timedelta(days=14), 4)]))
    months = chart(Result(("month", "plays"), [(dt.date(2018, 11, 1), 4), (dt.date(2018, 12, 1), 3)]))
    ends = chart(Result(("month_end", "plays"), [(dt.date(2018, 11, 30), 4)]))

    assert weeks
    assert (weeks["title"], weeks["y"]) == (
        "The week of Mon 19 Nov 2018 has the most signups: 4",
        [3, None, 4],
    )
    assert [one and (one["title"], len(one["x"])) for one in (months, ends)] == [
        ("November 2018 has the most plays: 4", 2),
        ("November 2018 has the most plays: 4", 1),
    ]


def test_a_count_of_two_things_is_a_grid_with_holes_where_nothing_was_said() -> None:
    rows = [(MONDAY, 0, 10), (MONDAY, 2, 5), (NEXT, 0, 4), (NEXT, 1, 3)]

    found = chart(Result(("first_week", "weeks_later", "listeners"), rows))

    assert found
    assert (found["kind"], found["x"], found["y"]) == ("grid", [0, 1, 2], ["2018-11-05", "2018-11-12"])
    assert found["z"] == [[10, None, 5], [4, 3, None]]


def test_weekdays_have_their_names() -> None:
    grid = chart(Result(("weekday", "hour", "plays"), [(0, 22, 7), (1, 23, 8)]))
    bars = chart(Result(("weekday", "plays"), [(0, 7), (3, 8)]))

    assert grid
    assert bars
    assert (grid["y"], grid["x"]) == (["Sunday", "Monday"], [22, 23])
    assert [row[0] for row in bars["rows"]] == ["Sunday", "Wednesday"]


def test_anything_else_is_bars_and_says_how_many_it_leaves_out() -> None:
    rows = [(f"song {n}", None, 100 - n) for n in range(BARS + 5)]

    found = chart(Result(("title", "artist_name", "plays"), rows))

    assert found
    assert (found["kind"], len(found["rows"]), found["note"]) == ("bars", BARS, "The first 25 of 30 rows.")
    assert found["title"] == "song 0, unknown has the most plays: 100"
    assert found["rows"][0] == ["song 0", "unknown", 100.0, ""]


def test_bars_name_a_leader_only_where_one_leads_and_stands_first() -> None:
    for values in ((3, 7), (7, 7)):
        found = chart(Result(("weekday", "plays"), [(n, value) for n, value in enumerate(values)]))

        assert found
        assert found["title"] == "Plays by weekday"


def test_an_hour_without_a_row_has_nothing_and_the_busiest_is_named() -> None:
    found = chart(Result(("hour", "plays", "listeners"), [(7, 3, 2), (9.0, Decimal(1234567), 2)]))
    alike = chart(Result(("hour", "plays"), [(7, 3), (9, 3)]))
    others = [chart(Result(("hour", "plays"), [(hour, 3), (9, 4)])) for hour in (9, 24, None, -1)]

    assert found
    assert alike
    assert (found["kind"], found["title"]) == ("hours", "09:00 to 09:59 has the most plays: 1,234,567")
    assert found["y"] == [0.0] * 7 + [3, 0, 1234567] + [0] * 14
    assert alike["title"] == "Plays by hour"
    assert [one and one["kind"] for one in others] == ["bars"] * 4  # they are no hours of a day


def test_what_the_log_holds_in_part_is_told_apart() -> None:
    columns = ("registered_week", "weeks_later", "percent_playing", "week_in_log")
    cells = [(MONDAY, 0, 90, "whole"), (MONDAY, 1, 5, "in part"), (NEXT, 0, 7, "in part")]
    grid = chart(Result(columns, cells))
    nothing = chart(Result(columns, cells[1:]))
    weeks = [(MONDAY, 3, "in part"), (NEXT, 4, "whole"), (NEXT + dt.timedelta(days=7), 1, "before")]
    line = chart(Result(("week", "signups", "week_in_log"), weeks))
    bars = chart(
        Result(
            ("month", "level", "churned", "month_in_log"),
            [(MONDAY, "free", 3, "in part"), (MONDAY, "paid", 1, "whole")],
        )
    )

    assert grid
    assert line
    assert bars
    assert (grid["x"], grid["y"], grid["z"]) == ([0], ["2018-11-05", "2018-11-12"], [[90], [None]])
    assert grid["note"] == "Weeks that the log has not, or only in part, are left out."
    assert nothing is None
    assert (line["part"], line["note"]) == (
        ["2018-11-05", "2018-11-19"],
        "2 weeks are not wholly in the log: a ring each.",
    )
    assert [row[:2] for row in bars["rows"]] == [["2018-11-05", "free · in part"], ["2018-11-05", "paid"]]


def test_a_title_names_all_that_leads_and_no_number_that_is_a_name() -> None:
    titles = [
        chart(Result(columns, rows))
        for columns, rows in (
            (("level", "gender", "listeners"), [("free", "F", 9), ("free", "M", 8)]),
            (("user_id", "first_name", "plays"), [(911, "Quentin", 9), (4, "Hana", 8)]),
            (("band", "length", "sessions"), [(1, "under 5 min", 9), (2, "5-15 min", 8)]),
            (("most_played_songs", "percent_of_plays"), [("top 1 %", 9), ("top 5 %", 8)]),
            (("step", "reached", "listeners"), [(1, "free listener", 9), (2, "opened Upgrade", 8)]),
        )
    ]

    assert [found and found["title"] for found in titles] == [
        "free, F has the most listeners: 9",
        "Plays by user",
        "under 5 min has the most sessions: 9",
        "top 1 % has the highest percent of plays: 9",
        "free listener has the most listeners: 9",
    ]


@pytest.mark.parametrize("columns", [("title", "song_id"), ("hour",)])
def test_what_counts_nothing_has_no_picture(columns: tuple[str, ...]) -> None:
    assert chart(Result(columns, [("7",) * len(columns)])) is None
    assert chart(Result(("title", "plays"), [])) is None
    assert chart(Result(("plays", "listeners"), [(7, 3)])) is None
    moment = dt.datetime(2018, 11, 5)
    assert chart(Result(("changed_at", "user_id", "plays_before"), [(moment, 9, 7)])) is None
    assert chart(Result(("user_id", "upgraded_at", "plays_before"), [(9, moment, 7)])) is None


def test_a_line_of_nothing_and_a_change_are_called_that() -> None:
    line = chart(Result(("day", "percent_skipped"), [(MONDAY, 0), (NEXT, 0)]))
    falls = chart(Result(("artist", "change", "plays"), [("Kings", -7, 1), ("Undo", -9, 2)]))
    rises = chart(Result(("artist", "change", "plays"), [("Kings", 7, 9), ("Undo", -6, 2)]))
    cohorts = chart(
        Result(
            ("registered_week", "weeks_later", "percent_playing", "playing"),
            [(MONDAY, 1, 50, 2), (MONDAY, 2, 25, 1)],
        )
    )

    assert line
    assert falls
    assert rises
    assert cohorts
    assert line["title"] == "Percent skipped by day: none"
    assert falls["rows"][0][:3] == ["Kings", "", -7.0]
    assert rises["title"] == "Kings has the largest change: 7"
    assert (cohorts["title"], cohorts["z"]) == (
        "Percent playing by registered week and weeks later",
        [[50, 25]],
    )


def test_a_grid_of_years_shows_the_last_weeks_and_says_so() -> None:
    rows = [(MONDAY + dt.timedelta(weeks=n), later, n) for n in range(BARS + 3) for later in (0, 1)]

    found = chart(Result(("first_week", "weeks_later", "listeners"), rows))

    assert found
    assert (len(found["z"]), found["z"][0], found["note"]) == (BARS, [3, 3], "The last 25 of 28 rows.")
