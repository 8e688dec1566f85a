"""A page is of one state of the warehouse, whatever is published while it is made."""

from typing import Any

import pytest

from sparkify.ask.explain import explain_play
from sparkify.ask.find import find
from sparkify.ask.report import gather
from sparkify.engines.base import Engine
from sparkify.errors import ConfigError
from sparkify.load.checks import check_everything
from sparkify.load.undo import undo
from tests.builders import Noting, Source, etl, play, rows, song
from tests.test_accounting import NOW
from tests.test_report import Publishing


def test_the_numbers_of_a_page_belong_to_one_run(warehouse: Engine, source: Source) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)

    page = gather(Publishing(warehouse, source), lambda: check_everything(warehouse), NOW)

    assert page["run"] == 2
    assert page["views"]["all-all"]["cards"][0]["value"] == "2"
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM songplay") == [(2,)]


def test_answers_of_two_runs_that_do_not_fit_together_are_asked_again(
    warehouse: Engine, source: Source
) -> None:
    """The star is emptied between two answers of a page."""
    source.log(play(0))
    etl(warehouse, source.folder)
    asked: list[str] = []

    class Emptied:
        """Undoes the run as soon as plays of states are asked for."""

        def __getattr__(self, name: str) -> Any:
            return getattr(warehouse, name)

        def query(self, sql: str, params: Any = None) -> Any:
            asked.append(sql)
            if (
                "state" in sql
                and "SPLIT_PART" in sql
                and rows(warehouse, "SELECT COUNT(*) AS n FROM songplay") == [(1,)]
            ):
                undo(warehouse, 1, Noting())
            return warehouse.query(sql, params)

    page = gather(Emptied(), lambda: check_everything(warehouse), NOW)  # type: ignore[arg-type]  # as much of a Reader as is asked

    assert (page["run"], page["views"]) == (2, {})
    assert len(asked) > 20


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_play_that_is_taken_back_while_it_is_explained_is_none(
    warehouse: Engine, source: Source, after: int
) -> None:
    """It is in the first answers, and what it was made of is not in those that follow."""
    source.song(song())
    source.log(play(0))
    etl(warehouse, source.folder)
    asked: list[str] = []

    class Undone:
        """Undoes the run after so many queries of the explanation."""

        def query(self, sql: str, params: Any = None) -> Any:
            found = warehouse.query(sql, params)
            asked.append(sql)
            if len(asked) == 1 + after:  # the first asks which state it is
                undo(warehouse, 1, Noting())
            return found

    with pytest.raises(ConfigError, match="there is no play 38000000"):
        explain_play(Undone(), 38_000_000)  # type: ignore[arg-type]  # as much of a Reader as is asked


def test_what_is_found_of_each_kind_is_of_one_run(warehouse: Engine, source: Source) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)

    found = find(Publishing(warehouse, source, after=4), "il", names=False)

    heard = {one.kind: one.result.rows for one in found if one.number}
    assert heard == {"places": [(play()["location"], "IL", 2)], "states": [("IL", 2)]}


def test_a_mistake_of_a_page_is_no_endless_loop(warehouse: Engine, source: Source) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)

    def check() -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        gather(warehouse, check, NOW)
