"""The registry of engines: what each says of itself, that nobody else knows them, and a third one."""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import click
import pytest

from sparkify.cli.main import cli
from sparkify.config import EngineName
from sparkify.engines.duckdb.snapshot import write_snapshot
from sparkify.engines.registry import find_engine
from tests.builders import Run, Source, play, song
from tests.conftest import ROOT

NAMES = get_args(EngineName)
PACKAGE = ROOT / "sparkify"


def test_each_engine_is_the_folder_that_the_configuration_names() -> None:
    folders = {file.parent.name for file in (PACKAGE / "engines").glob("*/__init__.py")}

    assert folders == set(NAMES)
    assert [find_engine(name).name for name in NAMES] == list(NAMES)


def test_no_other_module_asks_which_engine_it_holds() -> None:
    own = {PACKAGE / "emulator", *(PACKAGE / "engines" / name for name in NAMES)}
    modules = [file for file in PACKAGE.rglob("*.py") if own.isdisjoint(file.parents)]

    asking = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in modules
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Compare)
        and any(isinstance(one, ast.Constant) and one.value in NAMES for one in ast.walk(node))
    ]

    assert len(modules) > 150
    assert asking == []


@pytest.mark.parametrize(
    ("arguments", "never"),
    [
        (["--help"], {"duckdb", "sqlglot", "boto3", "redshift_connector", "obstore"}),
        (["ask", "--sql", "most_played_songs"], {"duckdb", "boto3", "redshift_connector", "obstore"}),
        (
            ["ask", "most_played_songs"],
            {"boto3", "redshift_connector", "obstore", "sparkify.engines.redshift"},
        ),
    ],
)
def test_a_command_imports_no_driver_that_it_does_not_need(
    loaded: Run, tmp_path: Path, arguments: list[str], never: set[str]
) -> None:
    code = (
        "import sys, atexit\n"
        "from sparkify.cli.main import main\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        f"sys.argv = ['sparkify', *{arguments}]\n"
        "main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert "sparkify.engines.registry" in done.stderr.split()
    assert never & set(done.stderr.split()) == set()


@pytest.fixture
def newer(tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Runs Python on a copy of the program with one more folder, and one more word in its configuration."""
    program = tmp_path / "program"
    shutil.copytree(PACKAGE, program / "sparkify", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests" / "third_engine", program / "sparkify" / "engines" / "memory")
    config = program / "sparkify" / "config.py"
    before = config.read_text()
    config.write_text(
        before.replace('Literal["duckdb", "redshift"]', 'Literal["duckdb", "redshift", "memory"]')
    )
    assert config.read_text() != before

    def call(*arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SPARKIFY_")}
        return subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False,
            env={**environment, "PYTHONPATH": str(program)},
        )  # fmt: skip

    return call


def test_a_third_engine_is_a_folder_and_its_name(
    newer: Callable[..., "subprocess.CompletedProcess[str]"], source: Source, tmp_path: Path
) -> None:
    source.log(play(0), play(1), play(2, song="Revelry"))
    source.song(song())
    code = (
        "import json, sparkify\n"
        "warehouse = sparkify.connect('memory')\n"
        "planned = [row['state'] for row in warehouse.plan('music')]\n"
        "loaded = warehouse.load('music').records.loaded\n"
        "known = [row['state'] for row in warehouse.plan('music')]\n"
        "top = next(iter(warehouse.ask('most_played_songs')))\n"
        "plays = warehouse.sql('SELECT COUNT(*) FROM songplay').rows[0][0]\n"
        "failed = [one.name for one in warehouse.check() if not one.passed]\n"
        "warehouse.undo(1)\n"
        "left = warehouse.sql('SELECT COUNT(*) FROM songplay').rows[0][0]\n"
        "print(json.dumps([repr(warehouse), planned, loaded, known, top['plays'], plays, failed, left]))"
    )

    done = newer("-c", code)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        "sparkify.connect('memory')", ["new", "new"], 4, ["known", "known"], 2, 3, [], 0,
    ]  # fmt: skip


def test_the_command_line_knows_a_third_engine_by_its_name(
    newer: Callable[..., "subprocess.CompletedProcess[str]"], source: Source, tmp_path: Path
) -> None:
    source.log(play(0))
    sparkify = ("-m", "sparkify")

    etl = newer(*sparkify, "etl", "--warehouse", "memory", "--source", "music")
    doctor = newer(*sparkify, "doctor", "--warehouse", "memory", "--source", "music", "--format", "json")
    sql = newer(*sparkify, "ask", "most_played_songs", "--sql", "--warehouse", "memory")
    measure = newer(*sparkify, "distribution", "measure", "--warehouse", "memory")
    misspelt = newer(*sparkify, "ask", "most_played_songs", "--warehouse", "memroy")

    assert (etl.returncode, list(tmp_path.glob("*.duckdb"))) == (0, []), etl.stderr
    assert {one["probe"] for one in json.loads(doctor.stdout)} == {"memory", "warehouse", "source"}
    assert "there is none in the memory of this process yet" in doctor.stdout
    assert "FROM songplay" in sql.stdout
    assert "only a cluster can be measured" in measure.stderr
    assert "did you mean memory?" in misspelt.stderr


@pytest.mark.parametrize(("snapshot", "hold"), [("no", 0.5), ("yes", 300.0)])
def test_a_dashboard_lets_go_of_a_file_for_its_writer_and_may_keep_a_snapshot(
    loaded: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snapshot: str, hold: float
) -> None:
    write_snapshot(str(tmp_path / "sparkify.duckdb"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPARKIFY_WAREHOUSE__SNAPSHOT", snapshot)
    made: list[dict[str, object]] = []

    def live(*_: object, **options: object) -> None:
        made.append(options)
        raise KeyboardInterrupt

    monkeypatch.setattr("sparkify.ask.live.Live", live)
    with pytest.raises((KeyboardInterrupt, click.Abort)):
        cli.main(["dashboard"], standalone_mode=False)

    assert [(one["hold"], one["private"]) for one in made] == [(hold, None)]
