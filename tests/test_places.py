"""Where no file of the user's is written: the source, a warehouse, what is of another kind."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import Run, Source


@pytest.mark.parametrize(
    "command",
    [("etl", "--metrics"), ("etl", "--from", "2018-13-01", "--metrics"), ("report", "--out"), ("export",),
     ("export", "--format", "csv"), ("export", "--format", "duckdb")],
)  # fmt: skip
@pytest.mark.parametrize("settings", ["", "[S3]\nSOURCE = music\n"], ids=["no source is named", "one is"])
def test_nothing_is_written_where_the_app_writes(
    loaded: Run, source: Source, tmp_path: Path, command: tuple[str, ...], settings: str
) -> None:
    (tmp_path / "dwg.cfg").write_text(settings)
    log = next((source.folder / "log_data").rglob("*.json"))
    (tmp_path / "link").symlink_to(source.folder / "song_data")
    before = {path: path.is_file() and path.read_bytes() for path in source.folder.rglob("*")}

    for out in (log, source.folder / "log_data" / "new", tmp_path / "link" / "new"):
        done = loaded(*command, str(out))

        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert ("lies in the source" in done.stderr) == ("--from" not in command)
        assert {path: path.is_file() and path.read_bytes() for path in source.folder.rglob("*")} == before


@pytest.mark.parametrize(
    "command", [("report", "--out"), ("etl", "--source", "music", "--metrics"), ("distribution", "--chart")]
)
def test_no_file_of_another_kind_is_written_over(
    loaded: Run, source: Source, command: tuple[str, ...]
) -> None:
    """Also a source that the configuration does not name."""
    log = next((source.folder / "log_data").rglob("*.json"))
    before = log.read_bytes()

    done = loaded(*command, str(log))

    assert (done.returncode, done.stderr.count("\n"), log.read_bytes()) == (2, 1, before), done.stderr
    assert re.search("not what sparkify wrote there before|lies in the source", done.stderr)
    again = [loaded(*command, "out.new").returncode for _ in range(2)]
    assert again == [0, 0]


@pytest.mark.parametrize("end", [".wal", ".lock", ".tmp"])
def test_nothing_is_written_over_what_belongs_to_a_warehouse(loaded: Run, tmp_path: Path, end: str) -> None:
    for command in (
        ("report", "--out"),
        ("etl", "--source", "music", "--metrics"),
        ("export", "--format", "duckdb"),
    ):
        done = loaded(*command, f"sparkify.duckdb{end}")

        assert (done.returncode, "warehouse's own name" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("command", "foreign"),
    [
        (("report", "--out"), "<!doctype html><html>my own page</html>"),
        (("distribution", "--chart"), "<svg xmlns='http://www.w3.org/2000/svg'></svg>"),
        (("etl", "--source", "music", "--metrics"), "# HELP mine is mine"),
    ],
)
def test_a_file_of_the_same_kind_that_somebody_else_made_is_left_alone(
    loaded: Run, tmp_path: Path, command: tuple[str, ...], foreign: str
) -> None:
    (tmp_path / "mine").write_text(foreign)

    assert loaded(*command, "mine").returncode == 2
    assert (tmp_path / "mine").read_text() == foreign


@pytest.mark.parametrize("out", ["", ".", "/", "no/such/folder", "x" * 300])
def test_what_is_no_place_for_a_file_is_one_line(loaded: Run, out: str) -> None:
    for command in (("report", "--out"), ("etl", "--source", "music", "--metrics"), ("export",)):
        done = loaded(*command, out)

        assert done.returncode != 0 or command[0] == "export"
        assert "Traceback" not in done.stderr
        assert "sparkify: " in done.stderr or done.returncode == 0


def test_a_pipe_is_written_to(loaded: Run, tmp_path: Path) -> None:
    command = f"{sys.executable} -m sparkify.cli.main report --out /dev/stdout | head -c 15"

    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.stdout == "<!doctype html>", done.stderr
