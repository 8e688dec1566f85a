"""Several processes, and processes that die: one writes, readers see the old state or the new."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sparkify.engines.duckdb.engine import DuckDB
from sparkify.engines.duckdb.errors import translated
from sparkify.engines.duckdb.opening import WRITER_MEMORY, memory_of_machine
from sparkify.errors import BusyError, ConfigError, WarehouseError
from sparkify.load.diff import digest_star
from tests.builders import Run, Source, etl, play, rows, song, without_rights

COMMAND = [sys.executable, "-m", "sparkify.cli.main"]


def big_source(source: Source, days: int = 4) -> None:
    source.song(song())
    for day in range(1, days + 1):
        source.log(
            *(play(item % 900, sessionId=day * 100 + item // 900) for item in range(9000)),
            day=f"2018-11-{day:02}",
        )


def start(*arguments: str, cwd: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def finish(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_a_warehouse_that_is_held_is_waited_for_and_then_named(tmp_path: Path) -> None:
    file = str(tmp_path / "held.duckdb")
    holder = DuckDB(file)

    for read_only in (False, True):
        with pytest.raises(BusyError, match=rf"held.duckdb is held by .* \(process {os.getpid()}\) since 20"):
            DuckDB(file, read_only=read_only, wait=0.1)

    holder.close()
    DuckDB(file, read_only=True, wait=0.1).close()


def test_a_writer_waits_for_a_reader_that_came_before(tmp_path: Path) -> None:
    file = str(tmp_path / "held.duckdb")
    DuckDB(file).close()
    code = (
        "import sys, time; from sparkify.engines.duckdb.engine import DuckDB; "
        "e = DuckDB(sys.argv[1], read_only=True); "
        "print('open', flush=True); time.sleep(1); e.close()"
    )
    reader = subprocess.Popen([sys.executable, "-c", code, file], stdout=subprocess.PIPE, text=True)
    assert reader.stdout is not None
    reader.stdout.readline()

    with pytest.raises(BusyError, match=f"PID {reader.pid}"):
        DuckDB(file, wait=0.1)
    DuckDB(file, wait=30).close()

    assert reader.wait() == 0
    reader.stdout.close()


def test_two_runs_at_once_load_everything_once(source: Source, tmp_path: Path) -> None:
    big_source(source)

    ended = [finish(p) for p in [start("etl", "--source", "music", cwd=tmp_path) for _ in range(2)]]

    assert [code for code, _, _ in ended] == [0, 0]
    assert sorted("Nothing to do" in out for _, out, _ in ended) == [False, True]


def test_a_run_that_may_not_wait_ends_with_5(source: Source, tmp_path: Path) -> None:
    source.log(play(0))
    holder = DuckDB(str(tmp_path / "sparkify.duckdb"))

    code, _, err = finish(start("etl", "--source", "music", "--wait", "0.1", cwd=tmp_path))

    assert code == 5
    assert err.startswith("sparkify: sparkify.duckdb is held by")
    assert len(err.splitlines()) == 1
    holder.close()


def test_killed_at_any_moment_a_run_leaves_the_last_good_state(source: Source, tmp_path: Path) -> None:
    big_source(source, days=2)
    undisturbed = DuckDB(str(tmp_path / "undisturbed.duckdb"))
    from sparkify.load.tables import create_tables

    create_tables(undisturbed)
    etl(undisturbed, source.folder)
    truth = digest_star(undisturbed)
    undisturbed.close()
    chance = random.Random(5)

    for _ in range(8):
        process = start("etl", "--source", "music", cwd=tmp_path)
        time.sleep(chance.uniform(0.15, 1.3))
        process.send_signal(signal.SIGKILL)
        finish(process)
    code, _, err = finish(start("etl", "--source", "music", cwd=tmp_path))

    assert code == 0, err
    survivor = DuckDB(str(tmp_path / "sparkify.duckdb"))
    assert digest_star(survivor) == truth
    assert rows(survivor, "SELECT COUNT(*) AS n FROM etl_run") == [(1,)]
    assert rows(survivor, "SELECT SUM(records_read) AS r FROM etl_file") == [(18_001,)]
    survivor.close()


@pytest.mark.parametrize(
    "moment", [("reading events", 0.0), ("reading events", 0.3), ("building the star schema", 0.05)]
)
def test_an_interrupted_run_says_so_and_publishes_nothing(
    source: Source, tmp_path: Path, moment: tuple[str, float]
) -> None:
    step, pause = moment
    big_source(source, days=16)
    process = start("etl", "--source", "music", cwd=tmp_path)
    assert process.stderr is not None
    while step not in process.stderr.readline():
        pass
    time.sleep(pause)
    process.send_signal(signal.SIGINT)

    code, out, err = finish(process)

    assert (code, out) == (130, "")
    assert "sparkify: interrupted, nothing was published." in err
    assert "Traceback" not in err


def small_disk(folder: Path, size: str) -> None:
    """Mount a disk of that size, where this machine lets us."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a disk cannot be mounted here: that takes root")


@pytest.mark.parametrize("size", ["1m", "2500k"])
def test_a_full_disk_is_named_and_nothing_is_published(source: Source, tmp_path: Path, size: str) -> None:
    big_source(source)
    small_disk(tmp_path / "disk", size)

    try:
        arguments = ("--source", str(source.folder), "--warehouse", "disk/w.duckdb")
        code, out, err = finish(start("etl", *arguments, cwd=tmp_path))
    finally:
        subprocess.run(["umount", str(tmp_path / "disk")], check=True)

    assert (code, out) == (1, "")
    assert err.splitlines()[-1] == (
        "sparkify: The disk is full: free some space and run again. Nothing was published."
    )


@pytest.mark.parametrize(
    "error",
    [
        duckdb.IOException("IO Error: No space left on device"),
        duckdb.TransactionException("TransactionContext Error: Failed to commit: No space left on device"),
    ],
)
def test_a_disk_that_is_full_at_any_moment_is_said_alike(error: duckdb.Error) -> None:
    with pytest.raises(WarehouseError, match=r"^The disk is full"), translated("publishing"):
        raise error


def test_little_memory_is_enough_or_is_said_in_one_line(run: Run, source: Source, tmp_path: Path) -> None:
    settings = tmp_path / "dwg.cfg"
    for day in range(1, 4):
        plays = (play(item % 900, sessionId=100 * day + item // 900) for item in range(9000))
        source.log(*plays, day=f"2018-11-0{day}")

    settings.write_text("[WAREHOUSE]\nMEMORY = 150MB\n")
    enough = run("etl", "--source", "music")
    settings.write_text("[WAREHOUSE]\nMEMORY = 3MB\n")
    small = run("rebuild")
    settings.unlink()

    assert enough.returncode == 0, enough.stderr
    assert small.returncode == 1
    assert "Traceback" not in small.stderr and "MEMORY" in small.stderr.splitlines()[-1]
    assert run("check").returncode == 0
    assert "27000" in run("query", "SELECT COUNT(*) AS n FROM songplay").stdout


def test_what_writes_takes_little_of_a_large_machine_unless_it_is_told(tmp_path: Path) -> None:
    file = str(tmp_path / "w.duckdb")

    def limit(**options: Any) -> str:
        engine = DuckDB(file, **options)
        found = str(engine.native("SELECT current_setting('memory_limit')").scalar())
        engine.close()
        return found

    for memory, machine in (("1.2GB", 1500), ("900MB", 1125)):  # DuckDB shows one decimal
        told = memory_of_machine(duckdb.connect(config={"memory_limit": memory}))
        assert told == pytest.approx(machine, 0.05)
    assert limit() == "953.6 MiB" or memory_of_machine(duckdb.connect()) * 0.8 <= WRITER_MEMORY
    half = memory_of_machine(duckdb.connect()) / 2
    with duckdb.connect(config={"memory_limit": f"{int(half)}MB"}) as asked:
        assert limit(memory="50%") == asked.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]
    assert limit(memory="3GB") == "2.7 GiB"
    assert limit(read_only=True) == str(duckdb.sql("SELECT current_setting('memory_limit')").fetchall()[0][0])


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be made"):
        DuckDB(str(tmp_path / "nowhere" / "w.duckdb"))


def test_what_may_not_be_written_is_one_line_and_stays_as_it_was(source: Source, tmp_path: Path) -> None:
    source.log(play(0), play(1))
    folder = tmp_path / "w"
    folder.mkdir()
    assert finish(start("etl", "--source", "music", "--warehouse", "w/a.duckdb", cwd=tmp_path))[0] == 0
    source.log(play(0, sessionId=2), day="2018-11-02")
    before = (folder / "a.duckdb").read_bytes()

    for path, rights in ((folder, 0o555), (folder / "a.duckdb", 0o444)):
        path.chmod(rights)
        for command in (("etl", "--source", "music"), ("undo", "1"), ("doctor",)):
            done = without_rights(tmp_path, *command, "--warehouse", "w/a.duckdb")
            assert done.returncode != 0, command
            assert "Traceback" not in done.stderr
        path.chmod(0o755)

    assert (folder / "a.duckdb").read_bytes() == before
