"""Checks of somebody's own: SELECTs of wrong rows that refuse a run as ours do, or warn."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest

import sparkify
from sparkify.cli.report import open_live
from sparkify.config import Config, Etl
from sparkify.config import Warehouse as WarehouseSettings
from sparkify.engines.base import Engine
from sparkify.errors import CheckError, ConfigError, LoadError, QueryError
from sparkify.load.checks import check_freshness, check_gaps, check_warehouse
from sparkify.load.deep import check_deep
from sparkify.load.forget import forget
from sparkify.load.project import Project, make_project
from sparkify.load.run import MaxRejects, rebuild, reload
from sparkify.load.undo import undo
from tests.builders import Noting, Run, Source, etl, play, rows

Write = Callable[..., Project]
HARMONIA = """-- Nobody plays
-- Harmonia.
SELECT p.artist_name, p.user_id FROM songplay AS p WHERE p.artist_name = 'Harmonia' -- of all plays"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes these checks, and gives the project."""
    folder = tmp_path / "checks"
    folder.mkdir()

    def call(*, strict: bool = False, **checks: str) -> Project:
        for name, text in checks.items():
            (folder / f"{name}.sql").write_text(text, encoding="utf-8")
        return make_project(Config(etl=Etl(checks=str(folder))), strict=strict)

    return call


def test_a_check_refuses_every_command_that_publishes_and_looks_at_all_there_is(
    warehouse: Engine, source: Source, write: Write
) -> None:
    first = source.log(play(0, artist="Harmonia"), play(1, userId="77"))
    etl(warehouse, source.folder)
    source.log(play(2), day="2018-11-02")
    etl(warehouse, source.folder)
    source.log(play(3), day="2018-11-03")
    project = write(no_harmonia=HARMONIA)
    runs = "SELECT COUNT(*) AS n FROM etl_run"

    for publishing in (
        lambda: etl(warehouse, source.folder, project=project),
        lambda: undo(warehouse, 2, Noting(), project=project),
        lambda: reload(warehouse, [str(first)], MaxRejects.parse("0"), Noting(), project=project),
        lambda: rebuild(warehouse, Noting(), project=project),
        lambda: forget(warehouse, 77, Noting(), project=project),
    ):
        with pytest.raises(CheckError) as told:
            publishing()  # type: ignore[no-untyped-call]  # each returns something else

        assert str(told.value).startswith(
            "1 of 31 checks failed, nothing was published. no_harmonia failed: "
        )
        assert str(told.value).endswith("artist_name Harmonia, user_id 15. Expected: Nobody plays Harmonia.")
        assert told.value.brief == "1 of 31 checks failed, nothing was published: no_harmonia."
        assert rows(warehouse, runs) == [(2,)]
    failed = [one.name for one in check_warehouse(warehouse, project=project) if not one.passed]
    assert failed == ["no_harmonia"]
    assert undo(warehouse, 1, Noting(), project=project).run_id == 3


def test_a_check_that_warns_lets_a_run_pass_unless_it_is_strict(
    warehouse: Engine, source: Source, write: Write
) -> None:
    source.log(play(0, artist="Harmonia"))
    project = write(no_harmonia=HARMONIA.replace("SELECT", "-- Severity:  WARN\nSELECT", 1))
    noting = Noting()

    with pytest.raises(LoadError, match="--strict: no_harmonia found wrong rows"):
        etl(warehouse, source.folder, project=write(strict=True))
    summary = etl(warehouse, source.folder, watching=noting, project=project)

    said = "no_harmonia found wrong rows, which `sparkify check` shows. Nobody plays Harmonia."
    assert said in noting.warnings
    kept = rows(warehouse, "SELECT message FROM etl_warning WHERE kind = 'check'")
    assert kept == [(said,)], "without the row, which may hold a listener"
    assert [one.name for one in summary.checks if not one.passed] == ["no_harmonia"]


@pytest.mark.parametrize(
    "sql",
    ["SELECT nothing FROM songplay", "SELECT * FROM nowhere", "SELECT CAST(level AS INTEGER) FROM songplay"],
)
def test_a_check_that_cannot_run_is_one_line_and_nothing_is_published(
    warehouse: Engine, source: Source, write: Write, sql: str
) -> None:
    source.log(play(0))

    with pytest.raises(QueryError, match=r"^\S*checks/bad\.sql: .*") as told:
        etl(warehouse, source.folder, project=write(bad=sql))

    assert "\n" not in str(told.value)
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM songplay") == [(0,)]


def test_no_check_of_ones_own_has_the_name_of_one_of_ours(
    duckdb_warehouse: Engine, write: Write, tmp_path: Path
) -> None:
    ours = [
        *check_warehouse(duckdb_warehouse, ["NextSong"], write(mine="SELECT 1 AS a FROM songplay")),
        *check_deep(duckdb_warehouse), check_gaps(duckdb_warehouse, dt.timedelta(1)),
        check_freshness(duckdb_warehouse, dt.timedelta(1), dt.datetime(2018, 11, 1)),
    ]  # fmt: skip
    names = {one.name for one in ours} - {"mine"} | {"models"}
    assert len(names) > 40

    for name in names:
        with pytest.raises(ConfigError, match=rf"checks/{name}\.sql: sparkify has a check of this name"):
            write(**{name: HARMONIA})
        (tmp_path / "checks" / f"{name}.sql").unlink()


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("DELETE FROM songplay", "it must be one SELECT"),
        ("SELECT * FROM read_text('/etc/passwd')", "only tables of the warehouse"),
        ("SELECT 1 AS a FROM songplay WHERE level = :level", "it can take no parameter"),
        ("-- severity: error!\nSELECT 1 AS a", "severity is warn or error, not 'error!'"),
    ],
)
def test_what_cannot_be_a_check_is_one_line(write: Write, sql: str, words: str) -> None:
    with pytest.raises(ConfigError, match=rf"checks/odd\.sql: .*{words}"):
        write(odd=sql)


def test_the_command_line_and_python_run_them(run: Run, source: Source, write: Write, tmp_path: Path) -> None:
    write(no_harmonia=HARMONIA, soft="-- severity: warn\nSELECT 1 AS a FROM songplay")
    (tmp_path / "dwg.cfg").write_text("[ETL]\nCHECKS = checks\n")
    source.log(play(0))

    done = run("etl", "--source", "music", "--format", "json")
    checked = run("check", "--format", "json")
    source.log(play(0, artist="Harmonia"), day="2018-11-02")
    refused = run("etl", "--source", "music")
    everything = run("etl", "--source", "music", "--config", "/dev/null"), run("check")

    assert json.loads(done.stdout)["checks"]["no_harmonia"] is True
    verdicts = {one["check"]: one["verdict"] for one in json.loads(checked.stdout)}
    assert (checked.returncode, verdicts["no_harmonia"], verdicts["soft"]) == (0, "ok", "warns")
    assert "warning: soft failed: 1 wrong row" in checked.stderr
    assert (refused.returncode, "no_harmonia failed" in refused.stderr) == (1, True)
    assert (everything[0].returncode, everything[1].returncode) == (0, 1)
    warehouse = sparkify.connect(
        tmp_path / "sparkify.duckdb", settings={"etl.checks": str(tmp_path / "checks")}
    )
    assert {"no_harmonia", "soft"} <= {one.name for one in warehouse.check() if not one.passed}
    with pytest.raises(CheckError, match="no_harmonia failed"):
        warehouse.undo(1)


def test_what_a_database_says_of_a_check_is_on_no_page_without_names(
    run: Run, source: Source, tmp_path: Path
) -> None:
    source.log(play(0, firstName="Planted"))
    assert run("etl", "--source", "music").returncode == 0
    (tmp_path / "checks").mkdir()
    cast = "-- Wrong\nSELECT CAST(first_name AS INTEGER) AS n FROM stg_events"
    (tmp_path / "checks" / "bad.sql").write_text(cast)
    config = Config(
        warehouse=WarehouseSettings(file=str(tmp_path / "sparkify.duckdb")),
        etl=Etl(checks=str(tmp_path / "checks")),
    )

    for names in (False, True):
        with pytest.raises(QueryError, match=r"bad\.sql: Conversion Error") as told:
            open_live(config, names=names, sql_rows=0).page()
        assert ("Planted" in str(told.value)) is names
