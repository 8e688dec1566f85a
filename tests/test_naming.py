"""What the user adds themselves gives no name of a listener away without --names, under any column."""

import json
import re
from contextlib import suppress
from itertools import compress
from pathlib import Path

import pytest

from sparkify.ask.own_questions import NAMES, RAW
from sparkify.ask.questions import ask, find_question
from sparkify.ask.report import gather
from sparkify.config import Config, Etl
from sparkify.engines.base import Engine
from sparkify.errors import QueryError, SparkifyError
from sparkify.load.checks import check_warehouse
from sparkify.load.project import make_project
from tests.builders import Run, Source, etl, play, rows
from tests.serving import serving
from tests.test_accounting import NOW
from tests.test_mcp import Call, call

NAMING = (
    "SELECT first_name AS a FROM users",
    "SELECT u.first_name || ' ' || u.last_name AS a FROM users AS u",
    'SELECT UPPER("Last_Name") AS a FROM Users',
    "SELECT (SELECT MAX(last_name) FROM users) AS a",
    "SELECT u.* FROM users AS u(a, b, c)",
    "WITH t(a, b, c, d, e, f, g, h) AS (SELECT * FROM users) SELECT b FROM t",
    "SELECT 'x' AS a UNION ALL SELECT last_name FROM users",
    "SELECT t.a FROM (SELECT last_name AS a FROM users) AS t",
    "SELECT user_id FROM users WHERE last_name = :text",
    "SELECT u.user_id, g.x FROM users AS u JOIN (SELECT :text AS last_name, 'Qwyx' AS x) AS g "
    "USING (last_name)",
    "WITH users AS (SELECT last_name AS a FROM users) SELECT a FROM users",
    "WITH a AS (SELECT * FROM USERS), users AS (SELECT 1 AS b) SELECT a.last_name AS c FROM a, users",
    "SELECT x.a FROM songplay AS p JOIN (SELECT user_id, MAX(last_name) AS a FROM users GROUP BY user_id) "
    "AS x ON x.user_id = p.user_id",
    "SELECT CASE WHEN EXISTS (SELECT 1 FROM users WHERE last_name = 'Qwyx') THEN 'Qwyx' END AS a "
    "FROM songplay",
    "SELECT * FROM (SELECT u.*, v.* FROM users AS u JOIN users AS v ON u.user_id = v.user_id) AS t",
    "WITH RECURSIVE users AS (SELECT last_name FROM users UNION ALL SELECT 'x') SELECT * FROM users",
    "WITH RECURSIVE stg_events AS (SELECT last_name FROM stg_events UNION ALL SELECT 'x') "
    "SELECT * FROM stg_events",
    "WITH RECURSIVE who AS (SELECT who FROM who UNION ALL SELECT 'x') SELECT * FROM who",
    "WITH copied AS (SELECT * FROM copied) SELECT * FROM copied",
    "SELECT (SELECT MAX(a) FROM copied) AS a, "
    "(SELECT COUNT(*) FROM (WITH copied AS (SELECT 1 AS x) SELECT x FROM copied) AS q) AS c FROM songplay",
    "SELECT last_name FROM users AS a, (SELECT 1 AS one) AS a",
    "SELECT last_name FROM users, (SELECT 1 AS one) AS users",
    "WITH c AS (SELECT 1 AS one) SELECT last_name FROM users AS c, c",
    "SELECT last_name AS w FROM STG_EVENTS AS c, (SELECT 1 AS one) AS c",
    "SELECT LISTAGG(last_name, ',') AS a FROM users",
    "SELECT w FROM who_too",
    "SELECT * FROM rejected",
    "SELECT last_name AS a FROM stg_events",
    "SELECT a FROM copied",
    "SELECT a FROM mart.copied",
)  # fmt: skip
"""What would name a listener, on either engine."""
OF_DUCKDB = (
    "SELECT ARRAY(SELECT first_name FROM users) AS a",
    "SELECT u AS a FROM users AS u", "SELECT #3 AS a FROM users",
    "SELECT COLUMNS('.*_name') AS a FROM users", "SELECT * RENAME (last_name AS a) FROM users",
    "SELECT STATS(#3) AS a FROM users", "SELECT * FROM query('SELECT last_name AS a FROM users')",
    "SELECT * FROM query_table('us' || 'ers')", "SELECT * FROM pragma_storage_info('users')",
    "SELECT * FROM read_duckdb('sparkify.duckdb', table_name='users')", "FROM users SELECT last_name AS a",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT last_name AS a FROM users'))",
    "SELECT a FROM (PIVOT users ON last_name USING COUNT(*))",
    "SELECT a FROM songs, LATERAL (SELECT last_name AS a FROM users)",
    "SELECT unnest(u) FROM (SELECT u FROM users AS u)",
    "SELECT * FROM users UNPIVOT (a FOR b IN (first_name, last_name))",
    "SELECT * FROM (DESCRIBE users)",
    "SELECT * FROM (SUMMARIZE users)", "SELECT * FROM (TABLE users) AS t(a, b, c)",
)  # fmt: skip
NAMELESS = (
    "SELECT u.user_id, u.first_name, u.last_name, COUNT(*) AS plays FROM users AS u JOIN songplay AS p "
    "ON p.user_id = u.user_id GROUP BY u.user_id, u.first_name, u.last_name ORDER BY plays DESC LIMIT :limit",
    "SELECT * FROM users",
    "WITH t AS (SELECT * FROM users) SELECT * FROM t",
    "SELECT artist_name AS a, COUNT(*) AS n FROM songplay GROUP BY artist_name UNION ALL SELECT 'b', 1",
    "SELECT UPPER(level) AS a, COUNT(*) AS n FROM users GROUP BY 1",
    "WITH listeners AS (SELECT gender, COUNT(*) AS listeners FROM users GROUP BY 1) "
    "SELECT gender, listeners FROM listeners",
    "SELECT u.*, (SELECT COUNT(*) FROM songplay AS p WHERE p.user_id = u.user_id) AS plays FROM users AS u",
    "SELECT title FROM top_titles UNION ALL SELECT title FROM top_titles",
    "SELECT COUNT(*) AS users FROM songplay AS p JOIN users AS u ON u.user_id = p.user_id ORDER BY users",
    "SELECT COUNT(*) AS n FROM songplay -- unlike stg_events",
    "WITH Listeners AS (SELECT user_id, level FROM users) SELECT * FROM listeners",
    "SELECT t.title, t.plays FROM top_titles AS t LEFT JOIN songs AS s ON t.title = s.title",
    "WITH few AS (SELECT title FROM songplay WHERE level = 'none') "
    "SELECT t.title, t.plays FROM top_titles AS t LEFT JOIN few AS s ON t.title = s.title",
    "WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM n WHERE a < 4) SELECT a FROM n",
    "SELECT l.level, COUNT(*) AS n FROM levels AS l GROUP BY 1",
)
MODELS = {
    "who": "SELECT first_name || last_name AS who FROM users",
    "who_too": "SELECT who AS w FROM who -- twice",
    "rejected": "SELECT r.raw_text AS t FROM etl_reject AS r",
    "top_titles": "SELECT title, COUNT(*) AS plays FROM songplay GROUP BY title",
    "levels": "-- Of each listener.\nSELECT user_id, level FROM users -- as they stand",
}


def named(said: object) -> bool:
    return bool(re.search("Zyxa|Qwyx", json.dumps(said, default=str), re.IGNORECASE))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A project whose questions are all of these, and whose models name listeners, or not."""
    for folder in ("questions", "models"):
        (tmp_path / folder).mkdir()
    for n, sql in enumerate((*NAMING, *NAMELESS)):
        (tmp_path / f"questions/q{n:02}.sql").write_text(f"-- A question?\n{sql}")
    for name, sql in MODELS.items():
        (tmp_path / f"models/{name}.sql").write_text(sql)
    (tmp_path / "dwg.cfg").write_text("[ASK]\nQUESTIONS = questions\n[ETL]\nMODELS = models\n")
    return tmp_path


def fill(source: Source) -> None:
    plays = (play(n, firstName="Zyxa", lastName="Qwyx") for n in range(9))
    source.log(*plays, '{"lastName": "Qwyx", "userId": "9"')


def test_no_question_of_ones_own_names_a_listener(warehouse: Engine, source: Source, own: Path) -> None:
    """Nor does one over a model. What names nobody says the same as it says with names."""
    fill(source)
    models = str(own / "models")
    etl(warehouse, source.folder, "100%", project=make_project(Config(etl=Etl(models=models))))
    warehouse.execute("CREATE TABLE copied AS SELECT last_name AS a FROM users")
    questions = [
        find_question(f"q{n:02}", str(own / "questions")) for n in range(len(NAMING) + len(NAMELESS))
    ]
    given = {"text": "Qwyx"}

    for question in questions[: len(NAMING)]:
        params = {name: given[name] for name in question.params}
        said: object = ""
        with suppress(SparkifyError):
            said = ask(warehouse, question, params=params, nameless=models).rows
        assert not named(said), question.text
        said = ""
        with suppress(SparkifyError):  # a table of another schema is not there
            said = ask(warehouse, question, params=params).rows
        assert named(said) or said == "" or re.search("USING|user_id FROM", question.text)
    for question in questions[len(NAMING) :]:
        found, whole = (ask(warehouse, question, nameless=folder) for folder in (models, None))
        assert found.columns == whole.columns
        assert not named(found.rows)
        hidden = [name not in NAMES for name in found.columns]
        assert sorted(map(str, (list(compress(row, hidden)) for row in found.rows))) == sorted(
            map(str, (list(compress(row, hidden)) for row in whole.rows))
        ), question.text


def test_nothing_that_duckdb_knows_gives_a_name_away(
    duckdb_warehouse: Engine, source: Source, tmp_path: Path
) -> None:
    fill(source)
    etl(duckdb_warehouse, source.folder, "100%")
    for sql in OF_DUCKDB:
        (tmp_path / "odd.sql").write_text(sql)

        said: object = ""
        with suppress(SparkifyError):
            said = ask(duckdb_warehouse, find_question("odd", str(tmp_path)), nameless="")

        assert not named(vars(said) if said else ""), sql


@pytest.mark.parametrize("sql", [
    "SELECT name_of(user_id) AS a FROM songplay", "SELECT main.Name_Of(user_id) AS a FROM users",
    "SELECT p.user_id.name_of() AS a FROM songplay AS p", "SELECT * FROM names()", "SELECT a FROM of_macro",
    "SELECT title FROM songplay WHERE name_of(user_id) = 'Qwyx'", "SELECT SOUNDEX('1') AS a FROM users",
    'SELECT "Normalize"(level) AS a FROM users', "SELECT a FROM of_known",
])  # fmt: skip
def test_no_macro_of_the_warehouse_gives_a_name_away(
    duckdb_warehouse: Engine, source: Source, tmp_path: Path, sql: str
) -> None:
    fill(source)
    etl(duckdb_warehouse, source.folder, "100%")
    duckdb_warehouse.native(
        "CREATE MACRO name_of(id) AS (SELECT MAX(last_name) FROM users AS u WHERE u.user_id = id)"
    )
    for known in ("soundex", "normalize"):  # functions of other databases, which DuckDB has not
        duckdb_warehouse.native(f"CREATE MACRO {known}(x) AS (SELECT MAX(last_name) FROM users)")
    duckdb_warehouse.native("CREATE MACRO names() AS TABLE SELECT last_name FROM users")
    for folder in ("models", "questions"):
        (tmp_path / folder).mkdir()
    (tmp_path / "models/of_macro.sql").write_text("SELECT name_of(user_id) AS a FROM users")
    (tmp_path / "models/of_known.sql").write_text("SELECT SOUNDEX(level) AS a FROM users")
    (tmp_path / "questions/odd.sql").write_text(sql)

    with pytest.raises(SparkifyError, match=r"--names|not|refused"):
        ask(
            duckdb_warehouse,
            find_question("odd", str(tmp_path / "questions")),
            nameless=str(tmp_path / "models"),
        )


def test_no_column_of_a_question_of_ones_own_is_missing_whatever_it_is_called(
    run: Run, source: Source, tmp_path: Path
) -> None:
    fill(source)
    assert run("etl", "--source", "music", "--max-rejects", "100%").returncode == 0
    (tmp_path / "q").mkdir()
    columns = ", ".join(f"level AS {name}" for name in (*RAW, "first_name"))
    (tmp_path / "q/odd.sql").write_text(
        f"-- Which?\nSELECT {columns}, COUNT(*) AS n FROM songplay GROUP BY level"
    )
    (tmp_path / "dwg.cfg").write_text("[ASK]\nQUESTIONS = q\n")
    with serving(tmp_path) as served:
        assert served.get("/ask/odd.csv")[1].splitlines()[1].count("paid") == len(RAW) + 1


def test_the_dashboard_and_mcp_know_no_names_unless_they_are_asked_for(
    run: Run, source: Source, own: Path
) -> None:
    fill(source)
    assert run("etl", "--source", "music", "--max-rejects", "100%").returncode == 0
    names = [file.stem for file in sorted((own / "questions").iterdir())][::4]
    calls: list[Call] = [
        ("list_questions", {"topic": "own"}),
        *(("ask", {"question": name}) for name in names),
    ]

    (_, listed, *hidden), (_, _, *shown) = (
        call(own, *calls, options=options) for options in ((), ("--names",))
    )
    with serving(own) as served:
        pages = [served.get(f"/ask/{name}{end}") for name in names for end in ("", ".csv")]

    assert not named(hidden)
    assert not named([page.partition("<pre")[0] for _, page, *_ in pages])
    assert sum(map(named, shown)) > len(names) / 3
    answered = {one["question"] for one in listed["result"]}
    assert answered >= {name for name, said in zip(names, hidden, strict=True) if isinstance(said, dict)}
    assert {f"q{n:02}" for n in range(len(NAMING), len(NAMING) + len(NAMELESS))} <= answered


def test_the_page_shows_no_row_of_a_check_of_ones_own_unless_names_are(
    warehouse: Engine, source: Source, tmp_path: Path
) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks/named.sql").write_text("-- severity: warn\nSELECT first_name AS a FROM users")
    project = make_project(Config(etl=Etl(checks=str(tmp_path / "checks"))))
    source.log(play(0, firstName="Zyxa"))
    etl(warehouse, source.folder, project=project)

    def check() -> object:
        return check_warehouse(warehouse, project=project)

    hidden, shown = (
        json.dumps(gather(warehouse, check, NOW, names=names), default=str)  # type: ignore[arg-type]  # Verdicts
        for names in (False, True)
    )

    assert "Zyxa" not in hidden
    assert "sparkify check" in hidden
    assert "a Zyxa" in shown


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST(last_name AS INTEGER) AS n FROM users",
        "SELECT TO_DATE(last_name, 'YYYY-MM-DD') AS d FROM users",
        "SELECT CAST(last_name || '''' AS INTEGER) AS n FROM users",
    ],
)  # fmt: skip
def test_what_a_database_says_of_a_value_is_not_kept(
    warehouse: Engine, source: Source, tmp_path: Path, sql: str
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/bad.sql").write_text(sql)
    source.log(play(0, lastName="O'Zyxa"))

    with pytest.raises(QueryError):
        etl(warehouse, source.folder, project=make_project(Config(etl=Etl(models=str(tmp_path / "models")))))

    [(reason,)] = rows(warehouse, "SELECT reason FROM etl_attempt WHERE outcome = 'failed'")
    assert "models/bad.sql: " in reason
    assert "Zyxa" not in reason
