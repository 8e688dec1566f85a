"""The distribution advisor: known cases, each small enough to be worked out by hand."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlglot

from sparkify.distribution.advisor import REDSHIFT, Advisor, Ranked, present, uniform
from sparkify.distribution.advisor import advise as best
from sparkify.distribution.builder import Builder
from sparkify.distribution.exchange import Run
from sparkify.distribution.formatting import as_object, ddl
from sparkify.distribution.placement import Cluster, Move, Style
from sparkify.distribution.plan import Column
from sparkify.distribution.sizes import PLAIN, UNSAFE_ROW, Sizes
from sparkify.distribution.slices import Histogram, hashed
from sparkify.distribution.workload import Workload, forget, read_weights, read_workload
from sparkify.engines.base import Engine
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.errors import ConfigError
from sparkify.load.star import load_statements
from sparkify.load.tables import create_tables
from sparkify.sql import Statement, schema

CLUSTER = Cluster(nodes=4, slices=8)
KEYS = {"songplay": 4000, "users": 100, "songs": 400, "artists": 40}
START = dt.datetime(2018, 11, 1)
EVEN = Style("EVEN")


@pytest.fixture(scope="module")
def star(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """4,000 plays of 400 songs of 40 artists by 100 listeners, each equally often."""
    engine = DuckDB(str(tmp_path_factory.mktemp("star") / "star.duckdb"))
    create_tables(engine)
    for sql in (
        "INSERT INTO songplay SELECT i, TIMESTAMP '2018-11-01' + INTERVAL (i) SECOND, i % 100, 'paid', "
        "'SO' || i % 400, 'AR' || i % 40, i // 10, i % 10, 'Chicago', 'Firefox/9', 'Undo' || i % 400, "
        "'Björk' || i % 40, 200.5 FROM range(4000) t(i)",
        "INSERT INTO users SELECT i, 'Lily', 'Koch', 'F', 'paid', TIMESTAMP '2018-11-01', 1, 1 "
        "FROM range(100) t(i)",
        "INSERT INTO songs SELECT 'SO' || i, 'Undo' || i, 'AR' || i % 40, 'Björk' || i % 40, 1998, 200.5 "
        "FROM range(400) t(i)",
        "INSERT INTO artists SELECT 'AR' || i, 'Björk' || i, 'Reykjavik', 64, -22 FROM range(40) t(i)",
        "INSERT INTO time SELECT TIMESTAMP '2018-11-01' + INTERVAL (i) SECOND, 1, 1, 1, 1, 2018, 1, 2018 "
        "FROM range(4000) t(i)",
    ):
        engine.native(sql)
    yield engine
    engine.close()


def moves(engine: Engine, sql: str, **styles: Style) -> list[Move]:
    """What a query moves; every table that is not named is EVEN."""
    tables = {
        name: {
            c.name: Column(c.type, c.name.endswith("_id")) for c in schema.table(name).columns
        }
        for name in schema.STAR
    }  # fmt: skip
    query = Builder(tables).build(sqlglot.parse_one(sql, read="redshift"))  # type: ignore[arg-type]  # a SELECT is what is parsed
    sizes = Sizes(engine, PLAIN, CLUSTER.slices, 1)
    design = dict.fromkeys(schema.STAR, EVEN) | styles
    run = Run(tables, sizes, CLUSTER, REDSHIFT, design, pytest.fail, (), lambda _: 0, {})
    run.place(query)
    return [one for one in run.moves if one.label or one.crossed]


def key(column: str) -> Style:
    return Style("KEY", column)


JOIN_USERS = "SELECT p.songplay_id, u.level FROM songplay AS p JOIN users AS u ON u.user_id = p.user_id"


def test_tables_that_lie_by_the_joined_key_are_joined_where_they_lie(star: Engine) -> None:
    (join,) = moves(star, JOIN_USERS, songplay=key("user_id"), users=key("user_id"))

    assert (join.label, join.crossed) == ("DS_DIST_NONE", 0)


def test_a_table_on_every_node_is_joined_without_moving(star: Engine) -> None:
    (join,) = moves(star, JOIN_USERS, songplay=key("songplay_id"), users=Style("ALL"))

    assert (join.label, join.crossed) == ("DS_DIST_ALL_NONE", 0)


def test_the_side_that_does_not_lie_by_the_key_goes_to_the_one_that_does(star: Engine) -> None:
    (join,) = moves(star, JOIN_USERS, songplay=key("user_id"))

    assert join.label == "DS_DIST_INNER"
    assert join.sent.rows == KEYS["users"]
    assert join.sent.bytes == KEYS["users"] * (8 + 4 + len("paid"))
    assert join.crossed == join.sent.bytes * 3 / 4


def test_a_tiny_dimension_is_sent_to_every_node_rather_than_the_fact_to_it(star: Engine) -> None:
    (join,) = moves(star, JOIN_USERS, users=key("user_id"))

    assert join.label == "DS_BCAST_INNER"
    assert join.crossed == KEYS["users"] * (8 + 4 + len("paid")) * 3


def test_two_large_tables_that_lie_elsewhere_are_both_moved(star: Engine) -> None:
    sql = "SELECT a.title, b.length FROM songplay AS a JOIN songplay AS b ON a.session_id = b.session_id"

    (join,) = moves(star, sql, songplay=key("songplay_id"))

    assert join.label == "DS_DIST_BOTH"
    assert join.sent.rows == 2 * KEYS["songplay"]


def test_two_dimensions_compete_for_the_key_of_the_fact_and_one_of_them_moves(star: Engine) -> None:
    sql = (
        "SELECT p.songplay_id, u.level, s.year FROM songplay AS p JOIN users AS u ON u.user_id = p.user_id "
        "JOIN songs AS s ON s.song_id = p.song_id"
    )
    dimensions = {"users": key("user_id"), "songs": key("song_id")}

    by_user = moves(star, sql, songplay=key("user_id"), **dimensions)
    by_song = moves(star, sql, songplay=key("song_id"), **dimensions)

    assert {one.step: one.label for one in by_user} == {
        "JOIN users": "DS_DIST_NONE",
        "JOIN songs": "DS_BCAST_INNER",
    }
    assert {one.step: one.label for one in by_song} == {
        "JOIN users": "DS_BCAST_INNER",
        "JOIN songs": "DS_DIST_NONE",
    }
    assert sum(one.crossed for one in by_user) > sum(one.crossed for one in by_song)


def test_an_outer_join_cannot_send_its_left_side_to_every_node(star: Engine) -> None:
    sql = "SELECT u.level, p.title FROM users AS u LEFT JOIN songplay AS p ON p.user_id = u.user_id"

    (together,) = moves(star, sql, songplay=key("user_id"))
    (apart,) = moves(star, sql)

    assert (together.label, together.sent.rows) == ("DS_DIST_OUTER", KEYS["users"])
    assert (apart.label, apart.sent.rows) == ("DS_DIST_BOTH", KEYS["users"] + KEYS["songplay"])


def test_a_question_without_a_join_moves_one_group_for_each_slice_that_has_it(star: Engine) -> None:
    (group,) = moves(star, "SELECT level, COUNT(*) AS plays FROM songplay GROUP BY level")

    assert group.label == ""
    assert group.sent.rows == pytest.approx(8)
    assert group.sent.bytes == pytest.approx(8 * (4 + len("paid") + 8))


def test_rows_that_lie_by_a_key_are_grouped_by_it_where_they_lie(star: Engine) -> None:
    sql = "SELECT user_id, level, COUNT(*) AS plays FROM songplay GROUP BY user_id, level"

    assert moves(star, sql, songplay=key("user_id")) == []
    assert moves(star, sql, songplay=key("song_id")) != []


def test_a_group_is_on_as_many_slices_as_its_rows_fall_on(star: Engine) -> None:
    (group,) = moves(
        star, "SELECT artist_id, COUNT(*) AS plays FROM songplay GROUP BY artist_id", songplay=key("song_id")
    )

    assert group.sent.rows == pytest.approx(40 * 8 * (1 - (7 / 8) ** 10))  # an artist has 10 songs


def test_distinct_listeners_travel_once_and_then_only_numbers_do(star: Engine) -> None:
    sql = "SELECT level, COUNT(DISTINCT user_id) AS listeners FROM songplay GROUP BY level"

    spread = moves(star, sql)
    together = moves(star, sql, songplay=key("user_id"))

    assert [one.step for one in spread] == ["COUNT(DISTINCT songplay.user_id)", "GROUP BY songplay.level"]
    assert spread[0].sent.rows == pytest.approx(100 * 8 * (1 - (7 / 8) ** 40))
    assert [one.step for one in together] == ["GROUP BY songplay.level"]


def test_a_window_moves_rows_unless_they_lie_by_its_partition(star: Engine) -> None:
    sql = "SELECT user_id, LAG(level) OVER (PARTITION BY user_id ORDER BY start_time) AS before FROM songplay"

    (window,) = moves(star, sql)

    assert window.sent.rows == KEYS["songplay"]
    assert moves(star, sql, songplay=key("user_id")) == []


@pytest.mark.parametrize("negation", ["", "NOT "])
def test_in_and_exists_are_joins_that_keep_the_left_rows(star: Engine, negation: str) -> None:
    plays = "SELECT p.title FROM songplay AS p WHERE"
    inner = f"{plays} {negation}EXISTS (SELECT 1 FROM users AS u WHERE u.user_id = p.user_id)"
    within = f"{plays} p.user_id {negation}IN (SELECT user_id FROM users)"

    for sql in (inner, within):
        (join,) = moves(star, sql, songplay=key("user_id"), users=key("user_id"))
        assert (join.label, join.crossed) == ("DS_DIST_NONE", 0)
        (join,) = moves(star, sql)
        assert join.label == "DS_BCAST_INNER"


def test_what_a_statement_names_twice_is_made_once(star: Engine) -> None:
    sql = """
        WITH active AS (
            SELECT user_id, DATE_TRUNC('week', start_time) AS week FROM songplay GROUP BY 1, 2
        ),
        newcomer AS (SELECT user_id, MIN(week) AS first_week FROM active GROUP BY user_id)
        SELECT newcomer.first_week, active.week, COUNT(*) AS listeners
        FROM active JOIN newcomer ON newcomer.user_id = active.user_id GROUP BY 1, 2
    """

    found = moves(star, sql)

    assert sum("DATE_TRUNC" in one.step for one in found) == 1


def test_a_skewed_key_fills_one_slice() -> None:
    even = hashed(Histogram(np.array([1]), np.array([8000]), 0), 8)
    skewed = hashed(Histogram(np.array([1]), np.array([4000]), 4000), 8)

    assert even.sum() == skewed.sum() == 8000
    assert even.max() / even.mean() < 1.1
    assert skewed.max() / skewed.mean() > 4


def test_a_row_of_spark_has_eight_bytes_a_column_and_padded_text() -> None:
    assert UNSAFE_ROW.fixed([8, None]) == 4 + 8 + 16
    assert PLAIN.fixed([8, None, 2]) == 8 + 4 + 2


def advise(
    engine: Engine, *only: str, own: Sequence[Statement] = (), grow: int = 1
) -> tuple[Advisor, list[Ranked]]:
    """The advice for all statements, or for some."""
    workload = read_workload(engine, {}, load_statements(), own)
    try:
        return advise_for(engine, workload, *only, grow=grow)
    finally:
        forget(engine, workload)


def advise_for(engine: Engine, workload: Workload, *only: str, grow: int = 1) -> tuple[Advisor, list[Ranked]]:
    items = [one for one in workload.items if not only or one.name in only]
    advisor = Advisor(engine, replace(workload, items=items), CLUSTER, grow=grow)
    return advisor, advisor.rank()


@pytest.fixture(scope="module")
def advice(star: Engine) -> tuple[Advisor, list[Ranked]]:
    return advise(star)


def test_every_combination_is_ranked_by_what_it_moves_and_reads(advice: tuple[Advisor, list[Ranked]]) -> None:
    advisor, ranking = advice

    assert len(ranking) == np.prod([len(styles) for styles in advisor.candidates.values()])
    assert [one.score for one in ranking] == sorted(one.score for one in ranking)
    for design in (present(), uniform("EVEN"), uniform("ALL")):
        found = next(one for one in ranking if one.design == design)
        costs = [advisor.cost(item, design) for item in advisor.workload.items]
        assert found.moved == pytest.approx(sum(one.moved for one in costs))
        assert found.scanned == pytest.approx(sum(one.scanned for one in costs))


def test_the_fact_is_not_copied_to_every_node(advice: tuple[Advisor, list[Ranked]]) -> None:
    advisor, ranking = advice

    assert ranking[0].design["songplay"].key
    assert advisor.spread("songplay", Style("ALL")).rows.tolist() == [4000.0] * 4


def test_a_small_table_takes_a_megabyte_for_each_column_and_slice(
    advice: tuple[Advisor, list[Ranked]],
) -> None:
    advisor, _ = advice

    assert advisor.spread("users", EVEN).stored == 8 * (8 + 3) * 2**20
    assert advisor.spread("users", Style("ALL")).stored == 4 * (8 + 3) * 2**20


BY_SONG = "SELECT s.year, p.title FROM songplay AS p JOIN songs AS s ON s.song_id = p.song_id"


def test_what_is_asked_decides_which_dimension_gets_the_key_of_the_fact(star: Engine) -> None:
    own = [Statement("by_song", "", BY_SONG), Statement("by_user", "", JOIN_USERS)]
    workload = read_workload(star, {}, load_statements(), own)
    found = {name: advise_for(star, workload, name) for name in ("by_song", "by_user")}
    forget(star, workload)

    for name, column in (("by_song", "song_id"), ("by_user", "user_id")):
        advisor, ranking = found[name]
        first = next(one for one in ranking if one.design["songplay"].key)
        assert first.moved == 0
        dimension = first.design["songs" if name == "by_song" else "users"]
        assert first.design["songplay"] == dimension == key(column) or dimension == Style("ALL")
        assert advisor.cost(advisor.workload.items[0], uniform("EVEN")).moved > 0


def test_a_change_that_saves_next_to_nothing_is_not_advised() -> None:
    everything = uniform("EVEN")
    one_change = {**present(), "songplay": key("user_id")}
    scores = [(everything, 1000.0), (one_change, 1009.0), (present(), 1011.0)]
    ranking = [Ranked(n, design, score, 0, 0, 0, 0) for n, (design, score) in enumerate(scores, 1)]

    assert best(ranking).design == one_change
    assert best([ranking[0], ranking[2]]).design == everything


def test_a_question_weighs_as_much_as_it_is_asked(star: Engine, advice: tuple[Advisor, list[Ranked]]) -> None:
    once = advice[0].workload
    often = read_workload(star, {"sessions": 24.0, "load": 0.5}, load_statements())
    forget(star, often)

    weights = {item.name: item.weight for item in often.items}
    assert {item.weight for item in once.items} == {1.0}
    assert (weights["sessions"], weights["runs"], weights["songs_insert"]) == (24.0, 1.0, 0.5)


def test_growing_multiplies_ids_and_leaves_days(star: Engine, advice: tuple[Advisor, list[Ranked]]) -> None:
    advisor, _ = advice
    grown, _ = advise(star, "most_active_users", "plays_by_hour", grow=100)
    once = {item.name: advisor.cost(item, present()) for item in advisor.workload.items}
    later = {item.name: grown.cost(item, present()) for item in grown.workload.items}

    assert grown.tables["songplay"].rows == 100 * advisor.tables["songplay"].rows
    first, then = once["most_active_users"].moves[0], later["most_active_users"].moves[0]
    assert then.sent.rows == pytest.approx(100 * first.sent.rows)
    assert later["plays_by_hour"].moved < 2 * once["plays_by_hour"].moved


def test_the_ddl_leads_from_the_present_design_to_the_advised() -> None:
    now = present()

    assert ddl(now, now) == []
    assert ddl({**now, "songplay": key("user_id"), "users": EVEN, "songs": Style("ALL")}, now) == [
        "ALTER TABLE songplay ALTER DISTSTYLE KEY DISTKEY user_id;",
        "ALTER TABLE users ALTER DISTSTYLE EVEN;",
        "ALTER TABLE songs ALTER DISTSTYLE ALL;",
    ]


def test_the_object_for_programs_adds_up(advice: tuple[Advisor, list[Ranked]]) -> None:
    advisor, ranking = advice

    found = as_object(advisor, ranking, 3)

    assert [one["rank"] for one in found["ranking"]] == [1, 2, 3]
    for name in ("present", "EVEN", "ALL", "advised"):
        moved = sum(one["weight"] * one[name]["moved"] for one in found["statements"])
        assert moved == pytest.approx(found["compared"][name]["moved"], abs=60)
    for one in found["tables"]:
        assert one["skew"] >= 1


def test_temporary_tables_are_gone_afterwards(star: Engine, advice: tuple[Advisor, list[Ranked]]) -> None:
    assert len(advice[0].workload.temporary) > 5

    assert star.native("SELECT COUNT(*) FROM duckdb_tables() WHERE temporary").scalar() == 0


def test_weights_name_questions(star: Engine, tmp_path: Path) -> None:
    file = tmp_path / "weights.csv"
    file.write_text("question,weight\nsessions,24\n# a comment\nload,0.5\n")

    assert read_weights(file) == {"sessions": 24.0, "load": 0.5}
    with pytest.raises(ConfigError, match="no question 'sesions'"):
        read_workload(star, {"sesions": 1.0}, load_statements())
