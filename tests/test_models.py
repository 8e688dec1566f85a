"""The models of the star: what each SELECT gives, and what a load makes of it."""

import re

import pytest
import sqlglot

from sparkify.engines.base import Engine
from sparkify.engines.dialect import inline
from sparkify.engines.relations import RELATIONS, definition
from sparkify.load.diff import digest_star
from sparkify.load.models import MODELS, affected_keys, refresh
from sparkify.load.run import rebuild
from sparkify.load.star import load_statements
from sparkify.progress import Silent
from sparkify.sql import schema
from tests.builders import NOON, Source, etl, play, rows, song
from tests.fitness import unfit


def test_each_table_of_the_star_is_a_model() -> None:
    assert {model.table for model in MODELS} == set(schema.STAR)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.table)
def test_a_definition_gives_the_columns_of_its_table_in_their_order(model: object) -> None:
    table = model.table  # type: ignore[attr-defined]  # a Model

    assert (
        tuple(sqlglot.parse_one(definition(table), "redshift").named_selects)
        == schema.table(table).column_names
    )


@pytest.mark.parametrize(
    "one", [*load_statements(), *refresh(is_everything=True), *affected_keys(retracts=True)]
)
def test_what_is_put_together_is_fit_for_redshift(one: object) -> None:
    text = one.text  # type: ignore[attr-defined]  # a Statement

    assert unfit(text) == []
    # Nothing is left that stands for something else.
    assert not re.search(rf"(FROM|JOIN) ({'|'.join(RELATIONS)}|changed_\w+|counted_\w+)\b", text)


def test_a_table_of_with_is_not_put_in() -> None:
    sql = "WITH t AS (SELECT a FROM u) SELECT a FROM t"

    assert inline(sql, {"t": "SELECT 1 AS a", "u": "SELECT 2 AS a"}) == (
        "WITH t AS (SELECT a FROM (SELECT 2 AS a) AS u) SELECT a FROM t"
    )


def test_a_load_reads_and_writes_affected_keys_alone(warehouse: Engine, source: Source) -> None:
    """Rows of other keys are spoiled on purpose: a load leaves them so, a rebuild does not."""
    source.log(
        play(0),
        play(1, userId="16", song="Unheard", artist="Else"),
        play(0, sessionId=39, userId="17", artist="Nobody"),
    )
    source.song(song())
    source.song(song("SO2", artist_id="AR2", artist_name="Other"))
    etl(warehouse, source.folder)
    right = digest_star(warehouse)
    for sql in (
        "UPDATE songplay SET level = 'spoiled' WHERE session_id = 39",
        "UPDATE users SET level = 'spoiled' WHERE user_id = 17",
        "UPDATE songs SET title = 'spoiled' WHERE song_id = 'SO2'",
        "UPDATE artists SET name = 'spoiled' WHERE artist_id = 'AR2'",
    ):
        warehouse.execute(sql)
    source.log(play(0), play(1, userId="16", song="Unheard", artist="Else"), day="2018-11-02")
    source.song(song(), "again")

    etl(warehouse, source.folder)

    for table, column in (("songplay", "level"), ("users", "level"), ("songs", "title"), ("artists", "name")):
        assert rows(warehouse, f"SELECT COUNT(*) AS n FROM {table} WHERE {column} = 'spoiled'") == [(1,)]
    rebuild(warehouse, Silent())
    assert digest_star(warehouse) == right


def test_a_moment_goes_when_an_earlier_record_takes_the_place_of_its_play(
    warehouse: Engine, source: Source
) -> None:
    source.log(play(0, ts=NOON + 3_600_000))
    etl(warehouse, source.folder)
    source.log(play(0, ts=NOON), day="2018-11-02")

    etl(warehouse, source.folder)

    assert rows(warehouse, "SELECT hour FROM time") == [(12,)]
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM songplay") == [(1,)]
