"""What can be no model is one line, and nothing is published."""

from pathlib import Path

import pytest

from sparkify.config import Config, Etl
from sparkify.engines.base import Engine
from sparkify.errors import ConfigError, QueryError
from sparkify.load.project import make_project
from tests.builders import Source, etl, play, rows
from tests.test_own_models import TOP, Write, failed, writer

write = pytest.fixture(writer, name="write")


def test_a_model_reads_no_view_behind_which_another_may_stand(
    warehouse: Engine, source: Source, write: Write
) -> None:
    source.log(play(0))
    etl(warehouse, source.folder, project=write(top_artists=TOP))
    warehouse.execute("CREATE VIEW mine AS SELECT plays FROM top_artists")
    source.log(play(1), day="2018-11-02")

    with pytest.raises(ConfigError, match=r"a_sum\.sql: it reads the view mine"):
        etl(warehouse, source.folder, project=write(a_sum="SELECT SUM(plays) AS plays FROM mine"))
    warehouse.execute("DROP VIEW mine")
    project = write(a_sum="SELECT SUM(plays) AS plays FROM mine", mine="SELECT plays FROM top_artists")
    etl(warehouse, source.folder, project=project)

    assert rows(warehouse, "SELECT CAST(plays AS INTEGER) AS n FROM a_sum") == [(2,)]
    assert failed(warehouse, project) == {}


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT nothing FROM songplay", "nothing"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELECT CAST(level AS INTEGER) AS n FROM songplay", "paid|integer|INT"),
        ("SELECT 1 AS a, 2 AS a FROM songplay", "the column 'a' is there twice"),
        ("SELECT a.*, b.* FROM users AS a JOIN users AS b ON 1 = 1", "'user_id' is there twice"),
        ("SELECT 1 AS \"x y\" FROM songplay", "the column 'x y' is no name"),
        ("SELECT FROM songplay", "bad.sql"),
    ],
)  # fmt: skip
def test_a_model_that_cannot_be_built_is_one_line_and_nothing_is_published(
    warehouse: Engine, source: Source, write: Write, sql: str, words: str
) -> None:
    source.log(play(0))

    with pytest.raises((QueryError, ConfigError), match=words) as told:
        etl(warehouse, source.folder, project=write(bad=sql))

    assert str(told.value).partition(": ")[0].endswith("models/bad.sql")
    assert "\n" not in str(told.value)
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM songplay") == [(0,)]
    assert etl(warehouse, source.folder, project=write(bad=TOP)).models == {"bad": 1}


@pytest.mark.parametrize(
    ("name", "sql", "words"),
    [
        ("songplay", TOP, "sparkify has a table or view of this name"),
        ("plays", TOP, "sparkify has a table or view of this name"),
        ("etl_new", TOP, "sparkify has a table or view of this name"),
        ("affected_song", TOP, "sparkify has a table or view of this name"),
        ("duckdb_views", TOP, "sparkify has a table or view of this name"),
        ("sqlite_master", TOP, "sparkify has a table or view of this name"),
        ("svv_mine", TOP, "sparkify has a table or view of this name"),
        ("x y", TOP, "lower case letters, digits and _ only"),
        ("select", TOP, "select is a word of SQL"),
        ("tag", TOP, "tag is a word of SQL"),
        ("a" * 64, TOP, "at most 63 characters"),
        ("file", "SELECT * FROM read_csv('/etc/passwd')", r"only tables of the warehouse"),
        ("file", "SELECT * FROM '/etc/passwd.csv'", "only tables of the warehouse"),
        ("file", 'WITH "a.csv" AS (SELECT * FROM "a.csv") SELECT * FROM "a.csv"', "only tables of the wa"),
        ("file", "SELECT (SELECT content FROM read_text('/etc/passwd')) AS a", "only tables of the wareh"),
        ("other", "SELECT * FROM other.users", "only tables of the warehouse"),
        ("two", "SELECT 1 AS a; DROP TABLE songplay", "one statement at a time, not 2"),
        ("write", "DELETE FROM songplay", "it must be one SELECT"),
        ("write", "SELECT 1 AS a INTO x FROM songplay", "it must be one SELECT"),
        ("write", "WITH a AS (DELETE FROM songplay RETURNING *) SELECT * FROM a", "it must be one SELECT"),
        ("late", "SELECT 1 AS a; -- done", "one statement at a time"),
        ("empty", "-- nothing", "one statement at a time, not 0"),
        ("param", "SELECT * FROM songplay WHERE level = :level", "it can take no parameter"),
        ("late", "SELECT COUNT(*) AS n FROM load_runs", "it reads load_runs, which a run writes after"),
        ("late", "SELECT MAX(run_id) AS n FROM (SELECT * FROM ETL_RUN) AS r", "it reads etl_run, which"),
        ("same", "SELECT * FROM same", r"models/same\.sql: models read themselves or each other"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_model_is_one_line(write: Write, name: str, sql: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as told:
        write(**{name: sql})

    assert f"models/{name}.sql" in str(told.value)
    assert "\n" not in str(told.value)


def test_models_are_read_in_order_and_circles_are_named(write: Write, tmp_path: Path) -> None:
    project = write(a="SELECT * FROM b", b="WITH c AS (SELECT 1 AS n) SELECT * FROM c", c="SELECT * FROM A")
    assert [one.name for one in project.models] == ["b", "a", "c"]

    with pytest.raises(
        ConfigError, match=r"a\.sql, .*b\.sql, .*c\.sql: models read themselves or each other"
    ):
        write(b="SELECT * FROM (SELECT n FROM c) AS d")
    write(b=None, c=None)
    (tmp_path / "models" / "d.sql").mkdir()
    with pytest.raises(ConfigError, match=r"d\.sql cannot be read: Is a directory"):
        write()
    with pytest.raises(ConfigError, match=r"there is no folder nowhere: \[ETL\] MODELS names it"):
        make_project(Config(etl=Etl(models="nowhere")))
