"""A warehouse that one process opens several times: whatever it does, other processes find it locked."""

import contextlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sparkify.engines.duckdb.engine import DuckDB
from sparkify.errors import BusyError, ConfigError
from sparkify.place import is_duckdb
from tests.builders import Run


@pytest.mark.parametrize("spelling", ["", "/", "music/..", "same"])
def test_a_file_that_this_process_reads_is_locked_however_often_and_by_what_path_it_is_opened(
    loaded: Run, tmp_path: Path, spelling: str
) -> None:
    """Closing any handle of a file frees the process's locks on it."""
    (tmp_path / "same").symlink_to(tmp_path)
    first = DuckDB(f"{tmp_path}/sparkify.duckdb", read_only=True)
    DuckDB(f"{tmp_path}/{spelling}/sparkify.duckdb", read_only=True).close()
    try:
        assert loaded("rebuild", "--wait", "0").returncode == 5
    finally:
        first.close()
    assert loaded("rebuild", "--wait", "0").returncode == 0


def test_two_threads_that_open_a_file_at_once_both_keep_it_locked(
    loaded: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One looks at the head of the file for as long as it takes the other one to open it."""
    file = f"{tmp_path}/sparkify.duckdb"
    looks, closes = threading.Event(), os.close

    def slowly(handle: int) -> None:
        with contextlib.suppress(OSError):
            if str(Path(f"/proc/self/fd/{handle}").readlink()) == file and not looks.is_set():
                looks.set()
                time.sleep(1)
        closes(handle)

    monkeypatch.setattr("sparkify.place.os.close", slowly)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(DuckDB, file, read_only=True)
        assert looks.wait(10)
        both = [pool.submit(DuckDB, file, read_only=True).result(), first.result()]

    try:
        assert loaded("rebuild", "--wait", "0").returncode == 5
    finally:
        for one in both:
            one.close()


def test_a_file_is_not_looked_into_by_another_name_while_it_is_open(loaded: Run, tmp_path: Path) -> None:
    (tmp_path / "twin").hardlink_to(tmp_path / "sparkify.duckdb")
    reading = DuckDB(f"{tmp_path}/sparkify.duckdb", read_only=True)
    try:
        assert is_duckdb(tmp_path / "twin")
        assert loaded("rebuild", "--wait", "0").returncode == 5
    finally:
        reading.close()


def test_a_file_that_another_process_is_making_is_waited_for(tmp_path: Path) -> None:
    """It is empty for a moment: two first loads at once."""
    file, made = tmp_path / "new.duckdb", tmp_path / "made.duckdb"
    DuckDB(str(made)).close()
    file.touch()
    making = threading.Timer(0.3, lambda: file.write_bytes(made.read_bytes()))
    making.start()

    DuckDB(str(file)).close()

    making.join()
    (tmp_path / "empty.duckdb").touch()
    with pytest.raises(ConfigError, match="is empty"):
        DuckDB(str(tmp_path / "empty.duckdb"))


def test_a_thread_that_writes_waits_for_another_that_reads(loaded: Run, tmp_path: Path) -> None:
    """DuckDB opens a file for one process in one way at a time."""
    file = f"{tmp_path}/sparkify.duckdb"
    reader = DuckDB(file, read_only=True)
    with pytest.raises(BusyError, match="held by another thread of this process"):
        DuckDB(file, wait=0.2)

    leaves = threading.Timer(0.5, reader.close)
    leaves.start()
    DuckDB(file, wait=20).close()
    leaves.join()
