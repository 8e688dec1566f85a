"""Rejects by the million: memory is bounded by a page of them, and a run that is lost is lost early."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sparkify.engines.base import Engine
from sparkify.engines.duckdb import read
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.engines.record import RecordReader
from sparkify.errors import LoadError
from sparkify.load import accept, staging
from tests.builders import Source, etl, play, rows, song
from tests.test_processes import COMMAND

ALL = "SELECT file_id, record, reason, raw_text FROM etl_reject ORDER BY 1, 2"


@pytest.mark.parametrize("at_once", [100, 32 << 20])
def test_rejects_are_written_a_page_at_a_time_and_all_of_them(
    new_warehouse: Any, source: Source, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    engine, other = new_warehouse(), new_warehouse()
    for day in range(1, 4):
        lines = [
            play(n) if n % 3 else play(n, ts="soon") if n % 2 else play(n, status="odd") for n in range(50)
        ]
        source.log(*lines, "{broken", day=f"2018-11-0{day}")
    good = json.dumps(play(99)).encode()
    source.write(source.folder / "log_data" / "many.json.gz", gzip.compress(b"{}\n" * 70 + good))
    etl(other, source.folder)
    monkeypatch.setattr(accept, "PAGE", 7)
    monkeypatch.setattr(read, "FIRST", 4)
    monkeypatch.setattr(read, "LARGEST", 6)
    monkeypatch.setattr("sparkify.load.rejects.AT_ONCE", at_once)
    pages: list[int] = []
    insert = staging.add_rejects
    monkeypatch.setattr(
        staging, "add_rejects", lambda e, run, found: (pages.append(len(found)), insert(e, run, found))
    )

    etl(engine, source.folder)

    assert max(pages) <= 7
    assert sum(pages) == len(rows(engine, ALL)) > 90
    assert rows(engine, ALL) == rows(other, ALL)
    staged = "SELECT file_id, record, extra FROM stg_events ORDER BY 1, 2"
    assert rows(engine, staged) == rows(other, staged)


@pytest.mark.parametrize(
    ("end", "limit", "read"),
    [("", "1% and 100", ["songs"]), (".gz", "100", ["songs"]), (".gz", "1% and 100", ["songs", "events"])],
)
def test_a_run_that_is_lost_reads_no_further(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch, end: str, limit: str, read: list[str]
) -> None:
    """How many records compressed files still bring is not known, but no number of them saves a number."""
    body = b"{}\n" * 500 + json.dumps(song()).encode()
    source.write(source.folder / "song_data" / f"a.json{end}", gzip.compress(body) if end else body)
    source.log(*map(play, range(20)))
    came: list[str] = []
    stage = type(warehouse).stage

    def staged(self: Engine, dataset: Any, *rest: Any) -> Any:
        came.append(dataset)
        return stage(self, dataset, *rest)

    monkeypatch.setattr(type(warehouse), "stage", staged)

    with pytest.raises(LoadError, match=r"500 of (the first 501|521) records were rejected, ") as refused:
        etl(warehouse, source.folder, max_rejects=limit)

    assert came == read
    assert ("the others were not read" in str(refused.value)) == (read == ["songs"])
    assert rows(warehouse, ALL) == []


@pytest.mark.parametrize("end", ["", ".gz"])
@pytest.mark.parametrize("bad", ['{"ts": "2018-11-01", "a": {"b": 1}}', '{"\\u0074s": 1}', "{broken"])
def test_a_run_that_is_lost_stops_within_a_file(
    new_warehouse: Any, source: Source, monkeypatch: pytest.MonkeyPatch, bad: str, end: str
) -> None:
    engine = new_warehouse()
    if not isinstance(engine, DuckDB):
        pytest.skip("a cluster reads all files of a COPY at once")
    monkeypatch.setattr(read, "FIRST", 100)
    looked_at: list[bytes] = []
    parse = RecordReader.read
    monkeypatch.setattr(
        RecordReader, "read", lambda self, line: (looked_at.append(line), parse(self, line))[1]
    )
    body = f"{bad}\n{json.dumps({**play(1), 'status': {'a': 1}})}\n".encode() * 5000
    log = source.folder / "log_data" / f"2018-11-01-events.json{end}"
    source.write(log, gzip.compress(body) if end else body)
    source.log(play(2), day="2018-11-02")

    with pytest.raises(
        LoadError, match=r"of the first [\d,]+ records were rejected, .* others were not read"
    ):
        etl(engine, source.folder, max_rejects="1% and 100")
    assert len(looked_at) < 1000
    assert rows(engine, ALL) == []

    assert etl(engine, source.folder, max_rejects="50%").records.read == 10_001


def test_a_number_of_rejects_is_exceeded_within_a_compressed_file_whatever_comes_after_it(
    duckdb_warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "FIRST", 100)
    looked_at: list[bytes] = []
    parse = RecordReader.read
    monkeypatch.setattr(
        RecordReader, "read", lambda self, line: (looked_at.append(line), parse(self, line))[1]
    )
    body = (
        f'{{"num_songs": "x", "a": {{"b": 1}}}}\n{json.dumps(song() | {"year": {"a": 1}})}\n'.encode() * 5000
    )
    source.write(source.folder / "song_data" / "a.json.gz", gzip.compress(body))
    source.log(play(1))

    with pytest.raises(LoadError, match=r"of the first [\d,]+ records were rejected"):
        etl(duckdb_warehouse, source.folder, max_rejects="100")

    assert 100 <= len(looked_at) < 1000


def test_what_is_still_to_come_may_save_a_run(warehouse: Engine, source: Source) -> None:
    for number in range(15):
        source.song("{}", f"bad{number}")
    source.log(*(json.dumps(play(n)) for n in range(400)))

    assert etl(warehouse, source.folder, max_rejects="5% and 5").records.rejected == 15


MEASURED = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""
"""Runs a command and prints the kilobytes that it took at most.

Linux counts the size of whoever starts a program as the program's own (`exec_mmap` in fs/exec.c keeps the
largest of both), so a small process must start it: one of these tests may have grown to gigabytes.
"""


@pytest.mark.skipif(sys.platform != "linux", reason="getrusage counts memory in kilobytes on Linux")
def test_memory_is_bounded_whatever_a_small_file_unpacks_to(source: Source, tmp_path: Path) -> None:
    """The whole process stays near the 1,000 MB that DuckDB may take; 4.1 GB was seen for as many lines."""
    source.song(song())
    log = source.folder / "log_data" / "2018-11-01-events.json.gz"
    source.write(log, gzip.compress(b"{}\n" * 5_800_000))
    assert log.stat().st_size < 20_000

    program = [sys.executable, "-c", MEASURED, *COMMAND, "etl", "--source", "music"]
    run = subprocess.run(program, check=False, cwd=tmp_path, capture_output=True, text=True)

    assert run.returncode == 1, run.stderr
    assert re.search(r"sparkify: ([\d,]+) of the first [\d,]+ records were rejected", run.stderr), run.stderr
    assert int(run.stdout.split()[-1]) < 1_500_000, run.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="getrusage counts memory in kilobytes on Linux")
def test_long_rejects_are_held_some_megabytes_at_a_time(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`forget` ended "out of memory" with 40,000 of them, and nobody was forgotten; a load took 1.9 GB."""
    monkeypatch.setenv("SPARKIFY_ETL__REJECTED_FILES", "allow")
    monkeypatch.setenv("SPARKIFY_WAREHOUSE__MEMORY", "150MB")
    long = "x" * 20_000
    source.log(*(play(item, ts="?", userId=str(item % 9), song=f"{long}{item}") for item in range(10_000)))

    for command in (
        ["etl", "--source", "music", "--max-rejects", "100%"],
        ["rejects", "replay"],
        ["forget", "8", "--yes"],
    ):
        program = [sys.executable, "-c", MEASURED, *COMMAND, *command]
        run = subprocess.run(program, check=False, cwd=tmp_path, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        assert int(run.stdout.split()[-1]) < 400_000, (command, run.stdout.split()[-1])
