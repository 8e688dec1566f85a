"""What a user gets wrong is answered in one line, and nothing is lost."""

import csv
import io
from pathlib import Path

import duckdb
import pytest

from sparkify.config import load_config
from sparkify.errors import ConfigError
from tests.builders import Run, Source, event, play


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["etl"], 2, "no source: give --source DIR, or set [S3] SOURCE in dwg.cfg."),
        (["etl", "--source", "nowhere"], 2, "nowhere is no folder"),
        (["etl", "--source", "."], 2, "holds neither song_data/ nor log_data/"),
        (["etl", "--source", "music", "--max-rejects", "many"], 2, "--max-rejects 'many' is neither"),
        (["etl", "--source", "music", "--from", "yesterday"], 2, "is not a day like 2018-11-30"),
        (["etl", "--source", "music", "--warehouse", "no/such/folder.duckdb"], 2, "cannot be made"),
        (["ask", "most_played_songs"], 2, "there is no warehouse sparkify.duckdb"),
        (["ask", "most_played_song"], 2, "Did you mean most_played_songs?"),
        (["check", "--max-age", "soon"], 2, "is not a time like 90m, 36h or 2d"),
        (["config", "--config", "none.cfg"], 2, "none.cfg cannot be read"),
        (
            ["etl", "--source", "music", "--from", "2018-11-02", "--to", "2018-11-01"],
            2,
            "there is no such day",
        ),
        (["rebuild"], 2, "there is no warehouse sparkify.duckdb"),
        (["fly"], 2, "No such command 'fly'"),
        (["diff", "a.duckdb", "b.duckdb"], 2, "there is no warehouse a.duckdb"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_is_answered_in_one_line(
    run: Run, source: Source, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    source.log(event())

    done = run(*arguments)

    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("sparkify: ")
    assert not (tmp_path / "sparkify.duckdb").exists()


def test_a_misspelt_variable_is_refused_as_a_misspelt_setting_is() -> None:
    with pytest.raises(ConfigError, match="SPARKIFY_S3__SORCE is not a setting"):
        load_config(environ={"SPARKIFY_S3__SORCE": "music"})


def test_a_database_of_somebody_else_is_left_alone(run: Run, source: Source, tmp_path: Path) -> None:
    source.log(play(0))
    with duckdb.connect(str(tmp_path / "theirs.duckdb")) as theirs:
        theirs.execute("CREATE TABLE songplay (a INTEGER)")

    done = run("etl", "--source", "music", "--warehouse", "theirs.duckdb")

    assert done.returncode == 2
    assert "there is a table songplay already" in done.stderr
    with duckdb.connect(str(tmp_path / "theirs.duckdb")) as theirs:
        assert theirs.execute("SHOW TABLES").fetchall() == [("songplay",)]


def test_a_file_that_is_no_warehouse_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database " * 1000)

    done = run("runs", "--warehouse", "notes.txt")

    assert done.returncode == 1
    assert "notes.txt cannot be opened" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_warehouse_made_by_a_newer_version_is_refused(loaded: Run, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "sparkify.duckdb")) as connection:
        connection.execute("UPDATE etl_version SET version = 99")

    for command in (["etl", "--source", "music"], ["ask", "plays_by_day"], ["check"]):
        done = loaded(*command)
        assert done.returncode == 1
        assert "the warehouse has layout 99" in done.stderr


def test_config_shows_where_each_value_comes_from(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dwg.cfg").write_text("[S3]\nSOURCE = here  # a comment\n[WAREHOUSE]\nWAIT = 5\n")

    rows = {row["setting"]: row for row in csv.DictReader(io.StringIO(run("config", "--wait", "7").stdout))}

    assert (rows["[S3] SOURCE"]["value"], rows["[S3] SOURCE"]["origin"]) == ("here", "dwg.cfg")
    assert (rows["[WAREHOUSE] WAIT"]["value"], rows["[WAREHOUSE] WAIT"]["origin"]) == ("7.0", "flag")
    assert rows["[WAREHOUSE] FILE"]["origin"] == "default"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[S3]\nSORCE = x\n", "[S3] SORCE is not a setting"),
        ("[WAREHOUSE]\nENGINE = oracle\n", "'oracle' is not one of duckdb, redshift"),
        ("[WAREHOUSE]\nWAIT = long\n", "'long' is not a number"),
        ("SOURCE = x\n", "cannot be read"),
    ],
)
def test_a_mistake_in_the_configuration_is_named(run: Run, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "dwg.cfg").write_text(text)

    done = run("config")

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert message in done.stderr
    assert "dwg.cfg" in done.stderr
