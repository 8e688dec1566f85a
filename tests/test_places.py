"""Where no file of the user's is written: the source, a warehouse, what is of another kind."""

import re
from pathlib import Path

import pytest

from tests.builders import Run, Source


@pytest.mark.parametrize(
    "command",
    [("etl", "--metrics"), ("report", "--out"), ("export",), ("export", "--format", "csv"),
     ("export", "--format", "duckdb")],
)  # fmt: skip
def test_nothing_is_written_where_the_app_writes(
    loaded: Run, source: Source, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "dwg.cfg").write_text("[S3]\nSOURCE = music\n")
    log = next((source.folder / "log_data").rglob("*.json"))
    (tmp_path / "link").symlink_to(source.folder / "song_data")
    before = {path: path.is_file() and path.read_bytes() for path in source.folder.rglob("*")}

    for out in (log, source.folder / "log_data" / "new", tmp_path / "link" / "new"):
        done = loaded(*command, str(out))

        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "lies in the source" in done.stderr
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
    assert re.search("no earlier one|lies in the source", done.stderr)
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
