"""Models of somebody's own: tables over the star that every run builds, publishes, and undoes with it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from sparkify.config import Config, Etl
from sparkify.engines.base import Engine
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.errors import CheckError, ConfigError, QueryError
from sparkify.ledger.seal import accept
from sparkify.load.checks import check_warehouse
from sparkify.load.forget import forget
from sparkify.load.project import NO_PROJECT, Project, make_project
from sparkify.load.replay import replay
from sparkify.load.run import MaxRejects, rebuild, reload
from sparkify.load.tables import create_tables, drop_tables
from sparkify.load.undo import undo
from tests.builders import Noting, Source, etl, play, rows, song
from tests.clusters import Cluster

Write = Callable[..., Project]
TOP = """-- Artists, the most played first: a \\ 'quoted' one.
SELECT p.artist_name, COUNT(*) AS plays, SUM(p.length) / 3 AS seconds
FROM songplay AS p
GROUP BY p.artist_name"""
WHO = "SELECT u.user_id, u.first_name, u.last_name FROM users AS u"
"""What holds a listener."""


def writer(tmp_path: Path) -> Write:
    """Writes these models, or takes away those that are None, and gives the project."""
    folder = tmp_path / "models"
    folder.mkdir()

    def call(**models: str | None) -> Project:
        for name, text in models.items():
            file = folder / f"{name}.sql"
            file.unlink(missing_ok=True) if text is None else file.write_text(text, encoding="utf-8")
        return make_project(Config(etl=Etl(models=str(folder))))

    return call


write = pytest.fixture(writer, name="write")


def failed(engine: Engine, project: Project) -> Mapping[str, str]:
    return {one.name: one.sentence() for one in check_warehouse(engine, project=project) if not one.passed}


def held(engine: Engine, table: str = "top_artists") -> list[tuple[str, int]]:
    return [(row[0], row[1]) for row in sorted(rows(engine, f"SELECT * FROM {table}"))]


def test_a_model_follows_the_star_through_every_command_that_publishes(
    warehouse: Engine, source: Source, write: Write
) -> None:
    project = write(top_artists=TOP, a_few="SELECT artist_name, plays FROM top_artists WHERE plays > 1")
    first = source.log(play(0), play(1, artist="Harmonia"))
    summary = etl(warehouse, source.folder, project=project)
    assert summary.models == {"top_artists": 2, "a_few": 0}
    source.log(play(2), play(3, ts="soon"), day="2018-11-02")

    etl(warehouse, source.folder, project=project)
    after = held(warehouse), held(warehouse, "a_few")
    undo(warehouse, 2, Noting(), project=project)
    undone = held(warehouse), held(warehouse, "a_few")
    etl(warehouse, source.folder, also={"undone"}, project=project)
    again = held(warehouse), held(warehouse, "a_few")
    source.log(play(0, artist="Harmonia"), play(1, artist="Harmonia"))
    reload(warehouse, [str(first)], MaxRejects.parse("9"), Noting(), project=project)
    reloaded = held(warehouse), held(warehouse, "a_few")

    assert after == again == ([("Harmonia", 1), ("Nightbirds", 2)], [("Nightbirds", 2)])
    assert undone == ([("Harmonia", 1), ("Nightbirds", 1)], [])
    assert reloaded == ([("Harmonia", 2), ("Nightbirds", 1)], [("Harmonia", 2)])
    for again_whole in (lambda: rebuild(warehouse, Noting(), project=project), lambda: None):
        again_whole()
        assert (held(warehouse), held(warehouse, "a_few")) == reloaded
        assert failed(warehouse, project) == {}
    assert replay(warehouse, None, Noting(), project=project).run_id is None


def test_what_is_not_published_leaves_models_as_they_were(
    warehouse: Engine, source: Source, write: Write, tmp_path: Path
) -> None:
    project = write(top_artists=TOP)
    source.log(play(0))
    etl(warehouse, source.folder, project=project)
    (tmp_path / "no_harmonia.sql").write_text("SELECT * FROM top_artists WHERE artist_name = 'Harmonia'")
    checks = make_project(Config(etl=Etl(checks=str(tmp_path)))).checks
    source.log(play(1, artist="Harmonia"), day="2018-11-02")

    with pytest.raises(CheckError, match="no_harmonia failed: 1 wrong row"):
        etl(warehouse, source.folder, project=Project(checks, project.models))

    assert held(warehouse) == [("Nightbirds", 1)]
    assert failed(warehouse, project) == {}


def test_a_load_that_has_nothing_new_builds_models_that_are_others(
    warehouse: Engine, source: Source, write: Write
) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)

    def run(project: Project) -> int | None:
        noting = Noting()
        summary = etl(warehouse, source.folder, project=project)
        assert failed(warehouse, project) == {}, noting.warnings
        return summary.run_id

    assert run(write(top_artists=TOP)) == 2
    assert run(write(top_artists=TOP)) is None
    assert run(write(top_artists=TOP.replace("plays", "times"))) == 3
    assert rows(warehouse, "SELECT times FROM top_artists") == [(1,)]
    assert run(write(other=TOP)) == 4
    assert run(write(top_artists=None)) == 5
    with pytest.raises(QueryError):
        rows(warehouse, "SELECT * FROM top_artists")
    warehouse.execute("DROP TABLE other")
    assert "other: it is missing" in failed(warehouse, write())["models"]
    assert run(write()) == 6
    assert "its file is gone" in failed(warehouse, NO_PROJECT)["models"]
    assert run(NO_PROJECT) == 7


def test_what_reads_a_model_is_not_in_the_way_of_a_run_that_leaves_its_select(
    warehouse: Engine, source: Source, write: Write
) -> None:
    source.log(play(0))
    etl(warehouse, source.folder, project=write(top_artists=TOP, all_of_it="SELECT * FROM top_artists"))
    warehouse.execute("CREATE VIEW mine AS SELECT plays FROM top_artists")
    source.log(play(1), day="2018-11-02")

    etl(warehouse, source.folder, project=write())
    assert rows(warehouse, "SELECT plays FROM mine") == [(2,)]
    warehouse.execute("DROP VIEW mine")
    changed = write(top_artists=TOP.replace("COUNT(*)", "0.7 * COUNT(*)"))

    assert etl(warehouse, source.folder, project=changed).run_id == 3
    assert [float(row[1]) for row in rows(warehouse, "SELECT * FROM all_of_it")] == [1.4]
    assert failed(warehouse, changed) == {}


def test_check_says_when_a_table_does_not_hold_what_its_select_returns(
    warehouse: Engine, source: Source, write: Write
) -> None:
    source.log(play(0), play(1, artist="Harmonia", length=0.1), play(2, artist="Harmonia", length=None))
    project = write(top_artists=TOP, twice="SELECT 1 AS a FROM songplay")
    etl(warehouse, source.folder, project=project)
    assert failed(warehouse, project) == {}

    warehouse.execute("UPDATE top_artists SET seconds = seconds * 1.000000000001")
    assert failed(warehouse, project) == {}, "in which order an engine adds up is not said"
    warehouse.execute("UPDATE top_artists SET plays = plays + 1 WHERE artist_name = 'Harmonia'")
    told = failed(warehouse, project)["models"]
    assert "top_artists: it holds 1 row that its SELECT does not return, and lacks 1 row;" in told
    rebuild(warehouse, Noting(), project=project)
    warehouse.execute("UPDATE top_artists SET seconds = seconds * 1.001 WHERE artist_name = 'Harmonia'")
    warehouse.execute("INSERT INTO twice SELECT 1 AS a UNION ALL SELECT 1 AS a")
    told = failed(warehouse, project)["models"]
    assert "top_artists: it holds 1 row" in told
    assert "twice: it holds 2 rows that its SELECT does not return, and lacks 0 rows" in told
    assert "its SELECT is another one now" in failed(warehouse, write(twice="SELECT 2 AS a"))["models"]
    rebuild(warehouse, Noting(), project=project)
    assert failed(warehouse, project) == {}


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE top_artists ALTER artist_name TYPE VARCHAR COLLATE NOCASE",
        "ALTER TABLE top_artists ALTER plays TYPE DOUBLE",
        "ALTER TABLE top_artists ALTER plays SET DEFAULT 7",
        "UPDATE top_artists SET seconds = 1e31",
        "UPDATE top_artists SET seconds = 'nan'",
    ],
)
def test_check_says_when_a_table_has_other_columns_than_its_select(
    new_warehouse: Any, source: Source, write: Write, change: str
) -> None:
    engine = new_warehouse()
    if not isinstance(engine, DuckDB):
        pytest.skip("only who owns a table of Redshift alters it")
    source.log(play(0), play(1, artist="Harmonia", length=0.1))
    project = write(top_artists=TOP)
    etl(engine, source.folder, project=project)

    engine.native(change)

    assert "top_artists: " in failed(engine, project)["models"]
    rebuild(engine, Noting(), project=project)
    assert failed(engine, project) == {}
    assert engine.query("SELECT * FROM top_artists").columns == ("artist_name", "plays", "seconds")


def test_a_table_that_no_model_made_is_never_replaced(
    warehouse: Engine, source: Source, write: Write
) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)
    project = write(top_artists=TOP)
    for make, drop in (
        ("CREATE TABLE top_artists AS SELECT 1 AS mine", "DROP TABLE top_artists"),
        ("CREATE VIEW top_artists AS SELECT 1 AS mine", "DROP VIEW top_artists"),
    ):
        warehouse.execute(make)
        with pytest.raises(ConfigError, match=r"models/top_artists\.sql: the warehouse has a table or view"):
            etl(warehouse, source.folder, project=project)
        assert rows(warehouse, "SELECT mine FROM top_artists") == [(1,)]
        warehouse.execute(drop)


@pytest.mark.parametrize(
    "made",
    [
        "TABLE top_artists AS SELECT 1 AS mine",
        "TABLE top_artists AS SELECT 'me' AS artist_name, 1 AS plays, 1 AS seconds",
        "VIEW top_artists AS SELECT 'me' AS artist_name, 1 AS plays, 1 AS seconds",
    ],
)
def test_what_took_the_place_of_a_models_table_is_never_replaced(
    warehouse: Engine, source: Source, write: Write, made: str
) -> None:
    """Not even where the model is gone, or all tables are dropped."""
    source.log(play(0))
    project = write(top_artists=TOP)
    etl(warehouse, source.folder, project=project)
    warehouse.execute("DROP TABLE top_artists")
    warehouse.execute(f"CREATE {made}")
    before = rows(warehouse, "SELECT * FROM top_artists")

    with pytest.raises(ConfigError, match="that is no model's"):
        rebuild(warehouse, Noting(), project=project)
    assert "top_artists: somebody made a table or view" in failed(warehouse, project)["models"]
    etl(warehouse, source.folder, project=write(top_artists=None))
    assert failed(warehouse, NO_PROJECT) == {}
    drop_tables(warehouse)

    assert rows(warehouse, "SELECT * FROM top_artists") == before


def test_a_seal_that_accepts_a_change_keeps_the_models_and_has_them_built_again(
    warehouse: Engine, source: Source, write: Write
) -> None:
    project = write(top_artists=TOP)
    source.log(play(0))
    etl(warehouse, source.folder, project=project)

    with warehouse.transaction():
        warehouse.execute("UPDATE top_artists SET plays = 9")
        accept(warehouse, "because")

    assert etl(warehouse, source.folder, project=project).run_id == 2
    assert held(warehouse) == [("Nightbirds", 1)]


def test_to_drop_the_tables_drops_those_of_models_and_no_other(
    warehouse: Engine, source: Source, write: Write
) -> None:
    source.log(play(0))
    etl(warehouse, source.folder, project=write(top_artists=TOP))
    warehouse.execute("CREATE TABLE mine AS SELECT 1 AS a")

    drop_tables(warehouse)

    left = "SELECT table_name FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA()"
    assert rows(warehouse, left) == [("mine",)]
    create_tables(warehouse)
    assert etl(warehouse, source.folder, project=write()).models == {"top_artists": 1}


def test_a_forgotten_listener_is_in_no_model_and_the_receipt_names_what_may_hold_them(
    warehouse: Engine, source: Source, write: Write
) -> None:
    source.log(play(0, userId="77", firstName="Zyx"), play(1))
    etl(warehouse, source.folder)
    warehouse.execute("CREATE TABLE copied AS SELECT user_id, first_name FROM users")
    project = write(
        who=WHO, who_too="SELECT * FROM who", of_copy="SELECT * FROM copied", of_that="SELECT * FROM of_copy"
    )
    etl(warehouse, source.folder, project=project)
    assert (77, "Zyx", "Koch") in rows(warehouse, "SELECT * FROM who_too")

    receipt = forget(warehouse, 77, Noting(), project=project)

    assert (
        rows(warehouse, "SELECT * FROM who")
        == rows(warehouse, "SELECT * FROM who_too")
        == [(15, "Lily", "Koch")]
    )
    schema = rows(warehouse, "SELECT CURRENT_SCHEMA() AS here")[0][0]
    named = [name for name in receipt.not_searched if name.startswith(f"{schema}.")]
    assert named == [f"{schema}.{name}" for name in ("copied", "of_copy", "of_that")]
    assert not [name for name in receipt.not_searched if "comment" in name]
    assert failed(warehouse, project) == {}


def test_a_model_that_calls_a_macro_is_named_in_the_receipt_whatever_the_macro_is_by_then(
    duckdb_warehouse: Engine, source: Source, write: Write
) -> None:
    source.log(play(0, userId="77", firstName="Zyx"), play(1))
    etl(duckdb_warehouse, source.folder)
    duckdb_warehouse.native("CREATE TABLE mart AS SELECT * FROM users WHERE user_id = 77")
    duckdb_warehouse.native("CREATE MACRO everybody() AS (SELECT MAX(first_name) FROM mart)")
    duckdb_warehouse.native("CREATE MACRO soundex(x) AS (SELECT MAX(first_name) FROM mart)")
    project = write(
        who=WHO, of_macro="SELECT songplay_id, EVERYBODY() AS who FROM songplay",
        of_known="SELECT SOUNDEX(level) AS who FROM songplay",
    )  # fmt: skip
    etl(duckdb_warehouse, source.folder, project=project)

    receipt = forget(duckdb_warehouse, 77, Noting(), project=project)
    for made in ("everybody", "soundex"):
        duckdb_warehouse.native(f"DROP MACRO {made}")
    duckdb_warehouse.native("DROP TABLE mart")
    again = forget(duckdb_warehouse, 77, Noting(), project=project)

    assert receipt.not_searched == [
        "main.mart", "main.of_known", "main.of_macro", "macro main.everybody", "macro main.soundex",
    ]  # fmt: skip
    assert {*again.not_searched} >= {"main.of_known", "main.of_macro"}


def test_readers_see_models(cluster: Cluster, source: Source, write: Write) -> None:
    owner = cluster.connect("test_models_seen")
    create_tables(owner)
    source.song(song())
    source.log(play(0))
    for _ in range(2):  # new, and built again
        etl(owner, source.folder, project=write(top_artists=TOP))
        source.log(play(1), day="2018-11-02")
    reader = cluster.connect("test_models_seen", rights="reader")

    assert held(reader) == [("Nightbirds", 2)]
    reader.close()
    owner.close()
