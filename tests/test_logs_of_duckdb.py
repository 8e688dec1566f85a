"""Where DuckDB writes beside a warehouse: nowhere else, and what it left is gone after `forget`."""

import os
from pathlib import Path

import pytest

from tests.builders import Run, Source, play


@pytest.mark.parametrize("ending", [".wal", ".wal.checkpoint", ".wal.recovery"])
@pytest.mark.parametrize("there", [True, False], ids=["a file", "nothing"])
def test_what_duckdb_writes_beside_a_warehouse_is_led_nowhere_else(
    run: Run, source: Source, tmp_path: Path, ending: str, there: bool
) -> None:
    source.log(play(0))
    assert run("tables", "create").returncode == 0
    log, other = tmp_path / f"sparkify.duckdb{ending}", tmp_path / "other"
    makes = [log.symlink_to, log.hardlink_to] if there else [log.symlink_to]
    for make in makes:
        if there:
            other.write_bytes(b"")
        make(other)

        for command in (("etl", "--source", "music"), ("forget", "15", "--yes"), ("check",)):
            done = run(*command)
            assert (done.returncode, f"{log.name} is no file of its own" in done.stderr) == (2, True), done
        assert (other.read_bytes() if there else other.exists()) == (b"" if there else False)
        log.unlink()
    os.mkfifo(log)
    assert run("ask", "at_a_glance", "--wait", "1").returncode == 2
    log.unlink()
    assert run("etl", "--source", "music").returncode == 0


def test_what_duckdb_left_of_its_log_goes_when_anybody_is_forgotten(
    run: Run, source: Source, tmp_path: Path
) -> None:
    source.log(play(0, firstName="Planted"))
    assert run("etl", "--source", "music").returncode == 0
    left = tmp_path / "sparkify.duckdb.wal.recovery"
    left.write_text("Planted")

    assert run("forget", "15", "--yes").returncode == 0

    assert not left.exists()
