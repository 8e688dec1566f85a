"""Files that change, vanish or turn into something else around a load, and how the ledger knows them."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from sparkify.config import S3
from sparkify.engines.base import Engine
from sparkify.engines.duckdb.batch import Batch
from sparkify.errors import LoadError
from sparkify.load import files
from sparkify.load.files import Plan, make_plan
from sparkify.load.run import MaxRejects, load
from sparkify.load.undo import undo
from sparkify.source.listing import find_source, list_source
from sparkify.source.local import local_version
from tests.builders import Noting, Run, Source, etl, play, rejects, rows

PLAYS = "SELECT item_in_session FROM songplay ORDER BY 1"
MANY = range(10, 210)
"""So many plays are read by DuckDB itself."""


def planned(engine: Engine, source: Source) -> Plan:
    return make_plan(list_source(S3(source=str(source.folder))), engine)


def states(plan: Plan) -> list[str]:
    return [one.state for one in plan.files]


def test_other_content_of_the_same_size_and_time_is_a_rewritten_file(
    warehouse: Engine, source: Source
) -> None:
    log = source.log(play(0, song="Undo"))
    etl(warehouse, source.folder)
    before = log.stat()
    log.write_bytes(log.read_bytes().replace(b"Undo", b"Redo"))
    os.utime(log, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (log.stat().st_size, log.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)

    with pytest.raises(LoadError, match="changed since run 1"):
        etl(warehouse, source.folder)


def test_a_copy_that_was_renamed_into_the_place_of_a_file_is_a_rewritten_file(
    warehouse: Engine, source: Source
) -> None:
    log = source.log(play(0, song="Undo"))
    etl(warehouse, source.folder)
    before = log.stat()
    copy = log.with_suffix(".part")
    copy.write_bytes(log.read_bytes().replace(b"Undo", b"Redo"))
    os.utime(copy, ns=(before.st_atime_ns, before.st_mtime_ns))
    copy.rename(log)

    assert states(planned(warehouse, source)) == ["changed"]


def test_a_file_that_only_looks_otherwise_is_read_once_and_then_known(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = source.log(play(0))
    etl(warehouse, source.folder)
    log.chmod(0o640)

    assert etl(warehouse, source.folder).run_id is None

    monkeypatch.setattr(files, "hash_head", unexpected)
    assert states(planned(warehouse, source)) == ["known"]


def test_a_ledger_of_an_older_program_knows_its_files_without_reading_them(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = source.log(play(0))
    etl(warehouse, source.folder)
    warehouse.execute(f"UPDATE etl_file SET modified = '{log.stat().st_mtime_ns}'")
    monkeypatch.setattr(files, "hash_head", unexpected)

    assert etl(warehouse, source.folder).run_id is None

    assert rows(warehouse, "SELECT modified FROM etl_file") == [(find_source(str(log), "events").modified,)]


def test_verify_reads_every_known_file(warehouse: Engine, source: Source) -> None:
    log = source.log(play(0, song="Undo"))
    etl(warehouse, source.folder)
    log.write_bytes(log.read_bytes().replace(b"Undo", b"Redo"))
    listed = list_source(S3(source=str(source.folder)))
    warehouse.execute(f"UPDATE etl_file SET modified = '{listed[0].modified}'")
    assert states(make_plan(listed, warehouse)) == ["known"]

    with pytest.raises(LoadError, match="changed since run 1"):
        load(warehouse, listed, MaxRejects(0), Noting(), trust="content")


def test_etl_verify_finds_what_no_date_tells(loaded: Run, source: Source, tmp_path: Path) -> None:
    log = next((source.folder / "log_data").rglob("*.json"))
    log.write_bytes(log.read_bytes().replace(b"free", b"paid").replace(b"paid", b"gold"))
    with duckdb.connect(f"{tmp_path}/sparkify.duckdb") as connection:
        connection.execute(
            "UPDATE etl_file SET modified = ? WHERE uri LIKE '%' || ?", [local_version(log.stat()), log.name]
        )

    assert loaded("etl", "--source", "music").returncode == 0
    done = loaded("etl", "--source", "music", "--verify")

    assert (done.returncode, "changed since run 1" in done.stderr) == (1, True), done.stderr


@pytest.mark.timeout(60)
@pytest.mark.parametrize("turn", [None, os.mkfifo, os.mkdir], ids=["nothing", "pipe", "folder"])
@pytest.mark.parametrize("count", [1, len(MANY)])
def test_a_file_that_is_gone_when_its_turn_comes_takes_no_other_down(
    warehouse: Engine, source: Source, count: int, turn: Callable[[Path], None] | None
) -> None:
    """Whatever has taken its place."""
    grown = source.log(*map(play, MANY[:count]), day="2018-11-03")
    etl(warehouse, source.folder)
    before = rows(warehouse, PLAYS)
    source.log(play(1), day="2018-11-01")
    gone = source.log(*map(play, MANY[:count]), day="2018-11-02")
    grown.write_bytes(grown.read_bytes() + b"\n" + json.dumps(play(300)).encode())
    listed = list_source(S3(source=str(source.folder)))
    for file in (gone, grown):
        file.unlink()
        if turn:
            turn(file)
    watching = Noting()

    summary = load(warehouse, listed, MaxRejects(0), watching)

    assert rows(warehouse, PLAYS) == [(1,), *before]
    assert summary.records.rejected == 0
    assert (summary.files["new"], summary.files["grown"], summary.taken) == (1, 0, 1)
    assert rows(warehouse, "SELECT files FROM etl_run ORDER BY run_id") == [(1,), (1,)]
    assert any(
        "2018-11-02-events.json changed while it was read, or was removed" in one for one in watching.warnings
    )


@pytest.mark.parametrize("count", [1, len(MANY)])
def test_a_torn_line_stays_a_reject_where_the_log_that_grew_is_gone_when_its_turn_comes(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    line = json.dumps(play(300)).encode()
    log = source.log(*map(play, MANY[:count]), day="2018-11-03")
    log.write_bytes(log.read_bytes() + b"\n" + line[:40])
    etl(warehouse, source.folder)
    before = rejects(warehouse)
    log.write_bytes(log.read_bytes() + line[40:] + b"\n")
    source.log(play(1), day="2018-11-01")
    body, stage = log.read_bytes(), type(warehouse).stage

    def staged(self: Engine, *arguments: object) -> object:
        log.unlink(missing_ok=True)
        return stage(self, *arguments)  # type: ignore[arg-type]  # passed on as given

    with monkeypatch.context() as patch:
        patch.setattr(type(warehouse), "stage", staged)
        etl(warehouse, source.folder)

    assert rejects(warehouse) == before != []
    log.write_bytes(body)
    etl(warehouse, source.folder)
    assert rejects(warehouse) == []
    undo(warehouse, 3, Noting())
    assert rejects(warehouse) == before


def test_a_file_that_vanishes_between_two_looks_at_it_takes_no_other_down(
    duckdb_warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = source.log(*map(play, MANY), day="2018-11-02")
    source.log(play(1), play(2, ts="soon"), day="2018-11-01")
    between(monkeypatch, lambda: gone.unlink(missing_ok=True))

    etl(duckdb_warehouse, source.folder)

    assert rows(duckdb_warehouse, PLAYS) == [(1,)]


@pytest.mark.timeout(60)
def test_a_pipe_that_takes_the_place_of_a_file_is_not_waited_for(
    duckdb_warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = source.log(*map(play, MANY), day="2018-11-02")
    source.log(play(1), day="2018-11-01")

    def swap() -> None:
        if log.is_file():
            log.unlink()
            os.mkfifo(log)

    between(monkeypatch, swap)

    etl(duckdb_warehouse, source.folder)

    assert rows(duckdb_warehouse, PLAYS) == [(1,)]


def test_a_file_that_vanishes_before_its_rejects_are_looked_up_is_left_out(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = source.log(play(2, ts="soon"), day="2018-11-02")
    source.log(play(1), day="2018-11-01")
    stage = type(warehouse).stage

    def staged(self: Engine, *arguments: object) -> object:
        found = stage(self, *arguments)  # type: ignore[arg-type]  # passed on as given
        gone.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(type(warehouse), "stage", staged)

    etl(warehouse, source.folder)

    assert rows(warehouse, PLAYS) == [(1,)]
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM etl_reject") == [(0,)]


def between(patch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    """Something happens after DuckDB's files were looked at, and before DuckDB reads them."""
    scan_files = Batch.scan_files

    def looked(self: Batch, listed: list[object]) -> object:
        found = scan_files(self, listed)  # type: ignore[arg-type]  # passed on as given
        happens()
        return found

    patch.setattr(Batch, "scan_files", looked)


def unexpected(*_: object) -> str:
    raise AssertionError("a known file was read")


def test_the_environment_of_this_process_is_in_no_reject(
    warehouse: Engine, source: Source, tmp_path: Path
) -> None:
    (tmp_path / "secret.json").write_text("AWS_SECRET_ACCESS_KEY=wJalrX\n")
    for name, target in (("a", "/proc/self/environ"), ("b", str(tmp_path / "secret.json"))):
        (source.folder / "log_data" / f"{name}.json").symlink_to(target)
    log = source.log(play(0))
    listed = list_source(S3(source=str(source.folder)))
    log.unlink()
    log.symlink_to(tmp_path / "secret.json")  # after it was listed

    load(warehouse, listed, MaxRejects(9), Noting())

    assert rows(warehouse, "SELECT raw_text FROM etl_reject") == []
    assert rows(warehouse, "SELECT uri FROM etl_file") == []
