"""Bytes that are not UTF-8, in arguments, in the environment and in paths: one line, or it works."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sparkify.cli.main import main
from sparkify.errors import LoadError
from sparkify.ledger.attempts import reason_of
from tests.builders import Source, play

BAD = os.fsdecode(b"m\xe9")
SHOWN = "m\\udce9"
Say = Callable[..., tuple[int, str]]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Say:
    """Runs the command line in this process; its exit code, and what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sparkify.cli.main.open_streams", lambda: None)

    def call(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["sparkify", *arguments])
        code = 0
        try:
            main()
        except SystemExit as error:
            code = int(error.code or 0)
        return code, capfd.readouterr().err

    return call


@pytest.mark.parametrize(
    "arguments",
    [
        ("query", f"SELECT '{BAD}'"),
        ("query", "SELECT 1", "--warehouse", BAD),
        ("etl", "--source", BAD),
        ("etl", "--max-rejects", BAD),
        ("plan", "--source", BAD),
        ("log", "--accept", BAD),
        ("ask", BAD),
        ("check", "--max-age", BAD),
        ("dashboard", "--allow-host", BAD),
        ("cluster", "configure", "--cidr", BAD),
        ("distribution", "--node-type", BAD),
    ],
)
def test_an_argument_that_is_not_utf8_is_refused_in_a_line(say: Say, arguments: tuple[str, ...]) -> None:
    code, said = say(*arguments)

    assert code == 2, said
    assert SHOWN in said
    assert "is not text in UTF-8" in said
    assert said.count("\n") == 1


def test_a_variable_that_is_not_utf8_is_refused(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARKIFY_ETL__PLAY_PAGE", BAD)

    code, said = say("config")

    assert code == 2
    assert said == f"sparkify: SPARKIFY_ETL__PLAY_PAGE: [ETL] PLAY_PAGE = '{SHOWN}' is not text in UTF-8.\n"


@pytest.mark.parametrize("name", ["warehouse", "scratch"])
def test_a_folder_that_is_not_utf8_holds_no_warehouse_and_no_scratch_files(
    say: Say, source: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    source.log(play(1))
    (tmp_path / BAD).mkdir()
    if name == "scratch":
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / BAD))
    else:
        monkeypatch.chdir(BAD)

    code, said = say("etl", "--source", str(source.folder), "--warehouse", "w.duckdb")

    assert code == 2, said
    assert f"{SHOWN}/w.duckdb' is" in said if name == "warehouse" else f"{SHOWN}' is not text" in said
    assert not list(tmp_path.rglob("*.duckdb"))


def test_a_file_that_is_not_utf8_is_reloaded_by_its_path(say: Say, source: Source) -> None:
    file = source.write(source.folder / "log_data" / f"{BAD}.json", json.dumps(play(1)).encode())
    assert say("etl", "--source", str(source.folder))[0] == 0

    assert say("reload", str(file))[0] == 0
    code, said = say("reload", f"{file}x")

    assert code == 2
    assert f"{SHOWN}.jsonx, so there is nothing to replace" in said


def test_a_reason_that_utf8_cannot_write_is_kept_escaped() -> None:
    assert reason_of(LoadError(f"{BAD} cannot be read.")) == f"{SHOWN} cannot be read."
