"""`sparkify init`: a folder that works at once, on either engine, and never takes the place of anything."""

from pathlib import Path

import pytest

from sparkify.ask.questions import ask, find_question
from sparkify.config_sources import load_config
from sparkify.engines.base import Engine
from sparkify.errors import ConfigError
from sparkify.load.checks import check_warehouse
from sparkify.load.project import make_project
from sparkify.template import make_project_folder
from tests.builders import Run, Source, etl, play, rows
from tests.fitness import unfit

TOP = "SELECT artist_name, COUNT(*) AS plays FROM songplay GROUP BY artist_name"


def test_what_it_writes_works_at_once(run: Run, tmp_path: Path) -> None:
    made = run("init")
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.endswith("\nNext: sparkify simulate music; sparkify etl; sparkify ask songs_of\n")
    next_steps = made.stdout.rpartition("Next: ")[2].strip().split("; ")

    for step in next_steps:
        small = ("--events", "500", "--songs", "20") if "simulate" in step else ()
        done = run(*step.split()[1:], *small)
        assert done.returncode == 0, done.stderr
    assert "artist,title,plays\n" in done.stdout
    for command in (
        ("check",), ("ask", "songs_of", "--param", "name=x"), ("query", "SELECT plays FROM daily_listening"),
    ):  # fmt: skip
        done = run(*command)
        assert (done.returncode, "warning" in done.stderr) == (0, False), done.stderr
    ignored = (tmp_path / ".gitignore").read_text().split()
    assert {"*.duckdb", "/music/"} <= set(ignored)


def test_its_examples_are_good_on_both_engines(
    warehouse: Engine, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_project_folder(tmp_path / "p")
    monkeypatch.chdir(tmp_path / "p")
    config = load_config(environ={})
    source.log(play(0), play(1, artist="nightbirds"), play(2, artist="Harmonia"))

    project = make_project(config)
    summary = etl(warehouse, source.folder, project=project)

    assert (len(project.checks), summary.models) == (1, {"daily_listening": 1})
    assert all(one.passed for one in check_warehouse(warehouse, config.etl.play_pages, project))
    question = find_question("songs_of", config.ask.questions)
    assert len(ask(warehouse, question, params={"name": "NIGHTBIRDS"}).rows) == 2
    assert len(ask(warehouse, question).rows) == 3
    for one in (*project.checks, *project.models):
        assert (unfit(one.text), one.meaning.count(".") > 0) == ([], True)
    source.log(*(play(item, length=3000.0, ts=1541073600000 + item) for item in range(30)), day="2018-11-02")
    etl(warehouse, source.folder, project=project)
    assert rows(warehouse, "SELECT kind FROM etl_warning WHERE kind = 'check'") == [("check",)]


@pytest.mark.parametrize("name", ["dwg.cfg", ".gitignore", "models/daily_listening.sql", "questions"])
def test_nothing_is_overwritten_and_nothing_written_then(run: Run, tmp_path: Path, name: str) -> None:
    taken = tmp_path / "p" / name
    taken.parent.mkdir(parents=True)
    taken.symlink_to("nowhere") if name == ".gitignore" else taken.write_text("mine")

    done = run("init", "p")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"sparkify: p/{name}: already there.")
    assert done.stderr.count("\n") == 1
    left = [one for one in (tmp_path / "p").rglob("*") if one.is_symlink() or one.is_file()]
    assert left == [taken]


def test_a_readme_and_what_git_ignores_stay_as_they_are(run: Run, tmp_path: Path) -> None:
    for name in ("README.md", ".gitignore"):
        (tmp_path / name).write_text("mine")

    done = run("init")

    assert done.returncode == 0
    assert {(tmp_path / name).read_text() for name in ("README.md", ".gitignore")} == {"mine"}
    assert "README" not in done.stdout
    assert (tmp_path / "dwg.cfg").is_file()


def test_what_cannot_be_written_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.read_bytes

    def failing(path: Path) -> bytes:
        if path.name == "songs_of.sql":
            raise OSError(28, "No space left on device")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", failing)
    with pytest.raises(ConfigError, match=r"songs_of\.sql cannot be written: No space left on device"):
        make_project_folder(tmp_path / "p")

    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []


def test_the_command_line_says_what_was_built_and_what_would_be(
    run: Run, source: Source, tmp_path: Path
) -> None:
    (tmp_path / "dwg.cfg").write_text("[ETL]\nMODELS = models\n")
    source.log(play(0))
    models = tmp_path / "models"
    models.mkdir()
    top, songplays = (models / f"{name}.sql" for name in ("top_artists", "songplays"))
    top.write_text(TOP)
    plan = ("plan", "--source", "music")
    would = "the models are not those of the last run: `sparkify etl` builds them."

    assert "  models   1 top_artists\n" in run("etl", "--source", "music").stdout
    assert would not in run(*plan).stderr
    top.rename(songplays)
    assert would in run(*plan).stderr
    done = run("etl", "--source", "music")
    assert "the model top_artists is gone: this run drops its table." in done.stderr
    assert "  models   1 songplays\n" in done.stdout
    assert run("query", "SELECT plays FROM songplays", "--format", "csv").stdout == "plays\n1\n"
    songplays.write_text("SELECT * FROM nowhere")
    for command in (("etl", "--source", "music"), ("rebuild",)):
        done = run(*command)
        assert (done.returncode, done.stderr.count("models/songplays.sql: ")) == (1, 1)
        assert "Traceback" not in done.stderr
    assert run("query", "SELECT plays FROM songplays", "--format", "csv").stdout == "plays\n1\n"
