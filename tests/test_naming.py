"""What the user adds themselves gives no name of a listener away without --names, under any column."""

import json
import re
from pathlib import Path

import pytest

from sparkify.ask.own_questions import may_name
from sparkify.ask.report import gather
from sparkify.config import Config, Etl
from sparkify.engines.base import Engine
from sparkify.errors import QueryError
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
    "SELECT (SELECT last_name FROM users LIMIT 1) AS a",
    "SELECT u.* FROM users AS u(a, b, c)",
    "WITH t(a, b, c, d, e, f, g, h) AS (SELECT * FROM users) SELECT b FROM t",
    "SELECT 1 AS a UNION ALL SELECT last_name FROM users",
    "SELECT 1 AS a, 'x' AS b, 'x' AS c, 'x' AS d, 'x' AS e, NULL AS f, 1 AS g, 1 AS h "
    "UNION ALL SELECT * FROM users",
    "SELECT u AS a FROM users AS u",
    "SELECT t.a FROM (SELECT last_name AS a FROM users) AS t",
    "SELECT user_id FROM users WHERE last_name = :text",
    "WITH users AS (SELECT last_name AS a FROM users) SELECT a FROM users",
)  # fmt: skip
NAMELESS = (
    "SELECT u.user_id, u.first_name, u.last_name, COUNT(*) AS plays FROM users AS u JOIN songplay AS p "
    "ON p.user_id = u.user_id GROUP BY u.user_id, u.first_name, u.last_name ORDER BY plays DESC LIMIT :limit",
    "SELECT * FROM users",
    "WITH t AS (SELECT * FROM users) SELECT * FROM t",
    "SELECT artist_name AS a, COUNT(*) AS n FROM songplay GROUP BY artist_name UNION ALL SELECT 'b', 1",
    "SELECT UPPER(level) AS a, COUNT(*) AS n FROM users GROUP BY 1",
)


@pytest.mark.parametrize("sql", NAMING)
def test_a_question_that_may_name_under_another_column_is_known(sql: str) -> None:
    assert may_name(sql)


@pytest.mark.parametrize("sql", NAMELESS)
def test_a_question_that_keeps_the_columns_names_is_answered(sql: str) -> None:
    assert not may_name(sql)


def test_no_question_or_model_of_ones_own_names_a_listener(run: Run, source: Source, tmp_path: Path) -> None:
    for folder in ("questions", "models"):
        (tmp_path / folder).mkdir()
    for n, sql in enumerate((*NAMING, *NAMELESS)):
        (tmp_path / f"questions/q{n:02}.sql").write_text(f"-- A question?\n{sql}")
    (tmp_path / "models/who.sql").write_text("SELECT first_name || last_name AS who FROM users")
    (tmp_path / "models/who_too.sql").write_text("SELECT who AS w FROM who")
    (tmp_path / "questions/of_model.sql").write_text("SELECT w FROM who_too")
    (tmp_path / "questions/of_staging.sql").write_text("SELECT last_name AS a FROM stg_events")
    (tmp_path / "dwg.cfg").write_text("[ASK]\nQUESTIONS = questions\n[ETL]\nMODELS = models\n")
    source.log(play(0, firstName="Zyxa", lastName="Qwyx"))
    assert run("etl", "--source", "music").returncode == 0
    names = [file.stem for file in sorted((tmp_path / "questions").iterdir())]
    given = {f"q{NAMING.index('SELECT user_id FROM users WHERE last_name = :text'):02}": {"text": "Qwyx"}}

    calls: list[Call] = [("list_questions", {"topic": "own"})]
    calls += [("ask", {"question": name, "params": given.get(name)}) for name in names]
    (_, listed, *hidden), (_, _, *shown) = (
        call(tmp_path, *calls, options=options) for options in ((), ("--names",))
    )
    with serving(tmp_path) as served:
        pages = [served.get(f"/ask/{name}{end}?text=nobody") for name in names for end in ("", ".csv")]

    told = json.dumps([listed, hidden]) + "".join(page.partition("<pre")[0] for _, page, _ in pages)
    assert not re.search("Zyxa|Qwyx", told, re.IGNORECASE)
    assert {one["question"] for one in listed["result"]} == {
        f"q{n:02}" for n in range(len(NAMING), len(NAMING) + len(NAMELESS))
    }
    assert sum(bool(re.search("Zyxa|Qwyx", json.dumps(one), re.IGNORECASE)) for one in shown) > len(NAMING)


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
