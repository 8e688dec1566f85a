"""Questions of somebody's own: a folder of SQL files that ask, the dashboard and Python know beside ours."""

import json
from pathlib import Path

import pytest

import sparkify
from sparkify.ask.filters import Filters
from sparkify.ask.questions import ask, find_question, list_questions
from sparkify.engines.base import Engine
from sparkify.errors import ConfigError, SparkifyError
from tests.builders import Run, Source, etl, event, play
from tests.serving import serving

LONG = """-- Which songs are longer than so many seconds? Without :seconds, all of them.
SELECT p.title, COUNT(*) AS plays
FROM songplay AS p
WHERE
    (:seconds IS NULL OR p.length > CAST(:seconds AS DOUBLE PRECISION))
    AND p.start_time >= :since
    AND p.start_time < :until
GROUP BY p.title
ORDER BY p.title
LIMIT :limit;
"""
BY = """-- Whose plays are of this artist?
with found as (select * from songplay as p where p.artist_name = :artist)
select user_id, count(*) as plays from found group by user_id order by user_id"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "long_songs.sql").write_text(LONG)
    (folder / "listeners_of.sql").write_text(BY)
    return folder


def fill(source: Source) -> None:
    source.log(
        play(0, song="Undo", artist="Nightbirds", length=100.0),
        play(1, song="Kings", artist="Harmonia", length=300.0),
        play(2, song="Kings", artist="Harmonia", length=300.0, userId="9"),
    )


def test_a_question_of_ones_own_is_asked_as_any_other(warehouse: Engine, source: Source, own: Path) -> None:
    fill(source)
    etl(warehouse, source.folder)
    long, by = (find_question(name, str(own)) for name in ("long_songs", "listeners_of"))

    assert (long.title, long.topic) == ("Which songs are longer than so many seconds?", "own")
    assert (long.params, by.params) == (["seconds"], ["artist"])
    assert ask(warehouse, long).rows == [("Kings", 2), ("Undo", 1)]
    assert ask(warehouse, long, params={"seconds": "200.5"}).rows == [("Kings", 2)]
    assert ask(warehouse, long, filters=Filters(listener=9)).rows == [("Kings", 1)]
    assert ask(warehouse, by, params={"artist": "x' OR 'a'='a"}).rows == []
    of_one = ask(warehouse, by, params={"artist": "Harmonia"}).rows
    assert [plays for _, plays in of_one] == [1, 1]
    assert ask(warehouse, by, filters=Filters(artist="Harmonia")).rows == of_one
    assert ask(warehouse, by, filters=Filters(artist="Harmonia", listener=9)).rows == [(9, 1)]
    with pytest.raises(ConfigError, match=r"long_songs takes no parameter second\. It takes seconds\."):
        ask(warehouse, long, params={"second": "1"})
    with pytest.raises(ConfigError, match=r"most_played_songs takes no parameter seconds\. It takes none\."):
        ask(warehouse, find_question("most_played_songs"), params={"seconds": "1"})


UNREACHED = (
    "SELECT title FROM users, songplay JOIN songs USING (song_id)", "SELECT songplay.title FROM songplay",
    "SELECT title FROM songplay JOIN events USING (songplay_id)", "SELECT 1 AS one",
    "WITH events AS (SELECT * FROM songplay) SELECT page FROM events",
    "WITH plays AS (SELECT title FROM songplay) SELECT title FROM plays",
    "SELECT title FROM songplay JOIN top_songs USING (title)",
    "SELECT (SELECT 1 FROM load_runs) FROM songplay",
    "WITH listening AS (SELECT * FROM\n listening) SELECT * FROM songplay, listening",
    "WITH a AS (SELECT * FROM mymodel), mymodel AS (SELECT 1 AS x) SELECT * FROM songplay, a, mymodel",
    "SELECT (SELECT 1 FROM (WITH mymodel AS (SELECT 1 AS x) SELECT x FROM mymodel)), (SELECT 1 FROM mymodel) "
    "FROM songplay",
    "SELECT * FROM (WITH filtered_songplay AS (SELECT 1 AS x) SELECT * FROM songplay)",
    r"SELECT 'It\'s FROM songplay' AS label, title FROM songplay",
    "SELECT $$FROM songplay$$, title FROM songplay",
)  # fmt: skip


def test_what_a_filter_would_not_reach_takes_none(own: Path) -> None:
    for sql in UNREACHED:
        (own / "odd.sql").write_text(sql)
        assert not find_question("odd", str(own)).filters, sql


def test_plays_of_a_question_of_ones_own_are_not_moved_to_another_clock(own: Path) -> None:
    for sql, takes in (
        ("SELECT p.start_time FROM songplay AS p", False),
        ("SELECT COUNT(*) FROM songplay AS p JOIN users AS u ON u.last_ts < p.start_time", False),
        ("SELECT COUNT(*) FROM songplay WHERE CONVERT_TIMEZONE(:timezone, start_time) < :until", True),
    ):
        (own / "odd.sql").write_text(sql)
        question = find_question("odd", str(own))
        assert ("timezone" in question.filters, "timezone" in question.takes) == (False, takes), sql


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT COUNT(*) FROM listening AS l", [(1,)]),
        ("SELECT COUNT(*) FROM plays", [(1,)]),
        ("SELECT COUNT(DISTINCT user_id) AS n FROM events AS e WHERE e.page = 'Home'", [(1,)]),
        ("SELECT COUNT(*) FROM registrations", [(2,)]),
        ("SELECT COUNT(*) FROM songplay AS p JOIN users AS u ON u.user_id = p.user_id", [(1,)]),
    ],
)  # fmt: skip
def test_each_table_that_a_filter_reaches_is_of_such_plays_or_of_their_listeners(
    own: Path, warehouse: Engine, source: Source, sql: str, rows: list[tuple[int]]
) -> None:
    others = {"userId": "16", "sessionId": 7}
    source.log(
        play(0, artist="Kings"), play(1, artist="Undo"), event(itemInSession=2, page="Home"),
        play(0, **others, artist="Undo"), event(**others, itemInSession=2, page="Home"),
        play(0, userId="17", sessionId=8, artist="Kings", level="free"),
    )  # fmt: skip
    etl(warehouse, source.folder)
    (own / "mine.sql").write_text(sql)

    question = find_question("mine", str(own))

    assert ask(warehouse, question, filters=Filters(artist="Kings", state="GA")).rows == [(0,)]
    only = Filters(artist="Kings") if "registrations" in sql else Filters(artist="Kings", listener=15)
    assert ask(warehouse, question, filters=only).rows == rows


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("churn.sql", b"SELECT 1", "sparkify has a question of this name"),
        ("my question.sql", b"SELECT 1", "lower case letters, digits and _ only"),
        ("odd.sql", b"SELECT '\xff'", "it is not in UTF-8"),
    ],
)
def test_what_cannot_be_a_question_is_one_line(own: Path, name: str, content: bytes, words: str) -> None:
    (own / name).write_bytes(content)

    with pytest.raises(ConfigError, match=words) as told:
        list_questions(str(own))

    assert name in str(told.value)
    with pytest.raises(ConfigError, match=r"there is no folder nowhere: \[ASK\] QUESTIONS names it"):
        list_questions("nowhere")


def test_the_command_line_the_dashboard_and_python_know_it(
    run: Run, source: Source, own: Path, tmp_path: Path
) -> None:
    fill(source)
    (tmp_path / "dwg.cfg").write_text("[ASK]\nQUESTIONS = mine\n")
    assert run("etl", "--source", "music").returncode == 0

    listed = json.loads(run("ask", "--format", "json").stdout)
    asked = run("ask", "long_songs", "--param", "seconds=200", "--format", "csv")
    shown = run("ask", "long_songs", "--param", "seconds=200", "--sql").stdout
    wrong = run("ask", "long_songs", "--param", "seconds")
    (own / "broken.sql").write_text("SELEC 1 FROM")
    broken = run("ask", "broken")

    asks = "Whose plays are of this artist?"
    assert {"topic": "own", "question": "listeners_of", "what it asks": asks} in listed
    assert asked.stdout == "title,plays\nKings,2\n"
    assert "'200'" in shown
    assert (wrong.returncode, "NAME=VALUE" in wrong.stderr) == (2, True)
    assert (broken.returncode, broken.stderr.count("\n"), "Traceback" in broken.stderr) == (2, 1, False)
    warehouse = sparkify.connect(tmp_path / "sparkify.duckdb", settings={"ask.questions": str(own)})
    assert warehouse.ask("long_songs", params={"seconds": "200"}).rows == [("Kings", 2)]
    with serving(tmp_path) as served:
        page = served.get("/ask/long_songs?seconds=200")[1]
        assert 'name="seconds" size="14" value="200"' in page
        assert ">Kings<" in page
        assert ">Undo<" not in page
        assert 'href="/ask/listeners_of"' in served.get("/ask")[1]
        assert served.get("/ask/broken")[0] == 400


ACTING = [
    "COPY (SELECT 1 AS x) TO 'out.csv'", "COPY users TO 'out.csv' (HEADER)", "SET threads = 1",
    "CREATE TEMP TABLE t AS SELECT 1 AS a", "PRAGMA version", "ATTACH 'out.duckdb' AS o",
    "CALL force_checkpoint()",
    "SELECT 1 AS a; SELECT 2 AS a", "SELECT content FROM read_text(:f)", "SELECT * FROM 'dwg.cfg'",
    "SELECT (SELECT content FROM read_text('dwg.cfg')) AS a", "INSTALL httpfs",
    "(" * 900 + "SELECT 1" + ")" * 900,
]  # fmt: skip


def test_a_question_only_reads_and_nothing_but_the_warehouse(
    run: Run, source: Source, own: Path, tmp_path: Path
) -> None:
    fill(source)
    (tmp_path / "dwg.cfg").write_text("[ASK]\nQUESTIONS = mine\n")
    assert run("etl", "--source", "music").returncode == 0
    for n, sql in enumerate(ACTING):
        (own / f"odd{n}.sql").write_text(sql)
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    warehouse = sparkify.connect(tmp_path / "sparkify.duckdb", settings={"ask.questions": str(own)})

    asked = run("ask", "odd0")
    for n, sql in enumerate(ACTING):
        with pytest.raises(SparkifyError):
            warehouse.ask(f"odd{n}", params={"f": "dwg.cfg"} if ":f" in sql else {})
    with serving(tmp_path) as served:
        answers = [
            served.get(f"/ask/odd{n}{end}?f=dwg.cfg") for n in range(len(ACTING)) for end in ("", ".csv")
        ]

    assert (asked.returncode, asked.stderr.count("\n")) == (2, 1), asked.stderr
    assert all(code in (400, 500) and "QUESTIONS = mine" not in page for code, page, *_ in answers)
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_parameter_is_no_part_of_a_text_and_may_be_written_large(
    warehouse: Engine, source: Source, own: Path
) -> None:
    fill(source)
    etl(warehouse, source.folder)
    (own / "odd.sql").write_text(
        "-- Who played it? Or :nobody.\n"
        "SELECT 'a:b' AS a, ':c' AS \"x:d\", COUNT(*) AS n FROM songplay WHERE title = :Title"
    )

    question = find_question("odd", str(own))

    assert question.params == ["Title"]
    assert ask(warehouse, question, params={"Title": "Kings"}).rows == [("a:b", ":c", 2)]


@pytest.mark.parametrize(
    ("sql", "plays"),
    [
        ("SELECT COUNT(*) AS n FROM songplay WHERE NOT (title LIKE '%/*%' AND artist_name LIKE '%*/%')", 1),
        ("SELECT COUNT(*) AS n FROM songplay WHERE title <> 'FROM songplay' AND title <> '--'", 1),
        ("WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n WHERE a < 3) "
         "SELECT COUNT(*) AS n FROM songplay WHERE session_id NOT IN (SELECT -a FROM n)", 1),
        ("SELECT COUNT(*) AS n FROM songplay /* FROM songplay */ -- FROM songplay", 1),
    ],
)  # fmt: skip
def test_a_filter_changes_no_text_and_no_comment(
    warehouse: Engine, source: Source, own: Path, sql: str, plays: int
) -> None:
    fill(source)
    etl(warehouse, source.folder)
    (own / "odd.sql").write_text(sql)
    question = find_question("odd", str(own))

    assert ask(warehouse, question, filters=Filters(artist="Nightbirds")).rows == [(plays,)]
    assert ask(warehouse, question, filters=Filters(artist="Nightbirds"), nameless="").rows == [(plays,)]


def test_a_with_that_would_be_left_out_is_refused(warehouse: Engine, own: Path) -> None:
    (own / "odd.sql").write_text(
        "SELECT 'a' AS a UNION ALL WITH users AS (SELECT 'b' AS a) SELECT a FROM users "
        "UNION ALL SELECT a FROM users"
    )

    with pytest.raises(ConfigError, match="a WITH within a UNION must stand in parentheses"):
        ask(warehouse, find_question("odd", str(own)))
