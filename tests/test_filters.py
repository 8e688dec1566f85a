"""Filters: what a question says of some plays is what it says of a star that has no others."""

import pytest

from sparkify.ask.questions import Filters, ask, find_question, list_questions
from sparkify.engines.base import Engine
from sparkify.errors import ConfigError
from tests.builders import Source, etl, play
from tests.test_questions import LILY, UNDO, fill

COLUMN = {
    "title": "title", "artist": "artist_name", "listener": "user_id", "place": "location",
    "state": "CASE location WHEN 'Tulsa, OK' THEN 'OK' WHEN 'Augusta, GA-SC' THEN 'GA' END",
}  # fmt: skip


def test_an_answer_under_filters_is_that_of_a_star_that_has_no_other_plays(
    warehouse: Engine, source: Source
) -> None:
    fill(warehouse, source)
    source.log(
        play(5, **(LILY | UNDO | {"song": None, "artist": None, "userId": "", "location": None})),
        day="2018-11-03",
    )
    source.log(
        play(6, **(LILY | UNDO | {"location": "Tulsa, OK"})),
        play(7, **(LILY | UNDO | {"location": "Augusta, GA-SC"})),
        day="2018-11-04",
    )
    etl(warehouse, source.folder)
    filtered = [one for one in list_questions() if one.takes_filters]
    assert len(filtered) > 20

    for chosen in (
        Filters(artist="Nightbirds"),
        Filters(title="Kings", listener=16),
        Filters(place="Lyon", artist="Harmonia"),
        Filters(listener=7),
        Filters(state="GA"),
        Filters(state="OK", artist="Nightbirds"),
    ):
        found = {one.name: ask(warehouse, one, None, filters=chosen).rows for one in filtered}
        with pytest.raises(ZeroDivisionError), warehouse.transaction():
            for name, value in chosen.values.items():
                other = f"{COLUMN[name]} IS NULL OR {COLUMN[name]} <> :value"
                warehouse.execute(f"DELETE FROM songplay WHERE {other}", {"value": value})
            alone = {one.name: ask(warehouse, one, None).rows for one in filtered}
            raise ZeroDivisionError  # nothing of it is kept

        assert found == alone, chosen
    # They are averages over the days of the log, not over those that the filters leave.
    fridays = ask(
        warehouse, find_question("plays_by_weekday"), filters=Filters(listener=16, artist="Harmonia")
    )
    assert [(name, float(plays), days) for _, name, plays, _, days in fridays.rows] == [("Friday", 0.7, 3)]
    assert len(ask(warehouse, find_question("latest_plays"), None).rows) == 11


def test_a_question_that_is_not_about_plays_alone_takes_no_filter(warehouse: Engine) -> None:
    for one in list_questions():
        if not one.takes_filters:
            with pytest.raises(ConfigError, match=f"{one.name} takes no artist"):
                ask(warehouse, one, filters=Filters(artist="Nightbirds"))
