"""The strings of `text_form` leave with the last record that has them."""

import pytest

from sparkify.engines.base import Engine
from sparkify.load.run import MaxRejects, reload
from sparkify.load.text import relearn_forms
from sparkify.load.undo import undo
from tests.builders import Noting, Source, etl, play, rows, song

ODD = {"firstName": "Zoë ", "lastName": "BjÃ¶rk"}  # one with a blank, one whose normal form has a row too


def forms(engine: Engine) -> list[str]:
    return [text for (text,) in rows(engine, "SELECT raw_text FROM text_form ORDER BY raw_text")]


@pytest.mark.parametrize("how", ["undo", "reload"])
def test_no_string_outlives_its_records(warehouse: Engine, source: Source, how: str) -> None:
    source.song(song("SO1", artist_name="Måns", title=" Undo"))
    source.log(play(0, lastName="Ötzi", artist="BjÃ¶rk"))
    etl(warehouse, source.folder)
    before = forms(warehouse)
    file = source.log(play(0, userId="77", sessionId=5, **ODD), play(1, userId="77"), day="2018-11-02")
    etl(warehouse, source.folder)
    assert set(forms(warehouse)) - set(before) == {"Zoë ", "Zoë"}

    if how == "undo":
        undo(warehouse, 2, Noting())
    else:
        source.log(play(0, userId="77", sessionId=5, lastName="é"), day="2018-11-02")
        reload(warehouse, [str(file)], MaxRejects.parse("0"), Noting())

    assert set(forms(warehouse)) == set(before) | ({"é"} if how == "reload" else set())
    left = forms(warehouse)
    relearn_forms(warehouse, 99)
    assert forms(warehouse) == left
