"""What the titles of the report's pictures say: no more than their rows tell."""

import datetime as dt

from sparkify.ask import chart_data


def test_titles_name_no_leader_where_several_are_alike() -> None:
    songs = [("Undo", "Nightbirds", 3), ("Revelry", "Kings", 3), ("Fever", None, 1)]
    states = [("IL", 4, 2), ("OK", 4, 1), ("", 4, 1)]

    assert chart_data.songs(songs, 7)["title"] == "“Undo” by Nightbirds and 1 other lead with 3 plays each"
    assert chart_data.songs(songs[1:], 7)["title"] == "“Revelry” by Kings leads with 3 plays"
    assert chart_data.artists([("Kings", 2, 1), ("Nightbirds", 2, 2)], 4)["title"] == (
        "Kings and 1 other are the most played artists: 2 plays each"
    )
    assert chart_data.ranking(states, 12, "state", "states")["title"] == (
        "IL and 2 others lead: 4 plays (33 %) each"
    )


def test_a_title_says_no_number_that_the_rows_shown_do_not_tell() -> None:
    alike = [(f"T{n}", "Kings", 1) for n in range(chart_data.SHOWN)]

    assert chart_data.songs(alike, 99)["title"] == "“T0” by Kings and others lead with 1 play each"
    assert chart_data.songs(alike[1:], 99)["title"].startswith("“T1” by Kings and 8 others lead")


def test_listeners_of_every_gender_are_counted() -> None:
    found = chart_data.people(
        [("paid", "F", 1, 1), ("paid", "X", 1, 1), ("paid", None, 2, 5), ("free", "M", 3, 3)]
    )

    assert found["title"] == "3 of 4 paid listeners are unknown"
    assert found["rows"] == [("paid", [("women", 1), ("unknown", 3)]), ("free", [("men", 3)])]


def test_the_title_of_retention_is_about_the_weeks_that_are_shown() -> None:
    before, first = dt.date(2018, 10, 29), dt.date(2018, 11, 5)
    rows = [
        (before, 1, 100.0, 1, 1, "whole"), (before, 2, 0.0, 0, 1, "whole"),
        (first, 0, 100.0, 1, 1, "whole"), (first, 1, 0.0, 0, 1, "whole"),
    ]  # fmt: skip

    found = chart_data.retention(rows)

    assert (found["title"].partition(" of new")[0], found["z"]) == ("0 %", [[0.0]])
