"""A copy for readers: whoever reads it keeps what it reads, and holds nobody up."""

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sparkify.ask.live import Live
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.engines.duckdb.opening import Limits
from sparkify.engines.duckdb.snapshot import snapshot_of, write_snapshot
from sparkify.errors import WarehouseError
from sparkify.load.checks import check_everything
from sparkify.load.tables import create_tables
from sparkify.writing import remove_parts
from tests.builders import Run, Source, etl, play
from tests.serving import serving
from tests.test_dashboard import live_question
from tests.test_full_disk import no_file_larger_than

PLAYS = "SELECT COUNT(*) FROM songplay"


@pytest.fixture
def snapped(loaded: Run, source: Source) -> Run:
    """A warehouse that leaves copies; the first of them is there."""
    (source.folder.parent / "dwg.cfg").write_text("[WAREHOUSE]\nSNAPSHOT = yes\n[S3]\nSOURCE = music\n")
    assert loaded("tables", "create").returncode == 0
    return loaded


def plays(file: str | Path) -> int:
    with duckdb.connect(file, read_only=True) as connection:
        [(found,)] = connection.execute(PLAYS).fetchall()
    return int(found)


def test_a_reader_keeps_what_it_has_and_the_next_one_sees_the_new_state(
    snapped: Run, source: Source, tmp_path: Path
) -> None:
    copy = snapshot_of(f"{tmp_path}/sparkify.duckdb")
    before = plays(copy)
    source.log(play(1, sessionId=700), day="2018-11-20")

    with duckdb.connect(copy, read_only=True) as reader:
        done = snapped("etl", "--wait", "0")

        assert done.returncode == 0, done.stderr
        assert reader.execute(PLAYS).fetchall() == [(before,)]
    assert plays(copy) == before + 1
    assert Path(copy).read_bytes() == (tmp_path / "sparkify.duckdb").read_bytes()


def test_readers_are_answered_while_somebody_writes(snapped: Run, tmp_path: Path) -> None:
    writing = DuckDB(f"{tmp_path}/sparkify.duckdb")
    try:
        for command in (
            ("ask", "most_played_songs"), ("query", PLAYS), ("report",), ("ask", "loads"),
        ):  # fmt: skip
            assert snapped(*command, "--wait", "0").returncode == 0, command
        assert snapped("check", "--wait", "0").returncode == 5, "a proof is of the warehouse"
        with serving(tmp_path, "--wait", "0") as served:
            assert "Every record accounted for" in served.get("/")[1]
    finally:
        writing.close()


def test_whatever_changes_the_warehouse_leaves_a_copy_of_it(snapped: Run, tmp_path: Path) -> None:
    warehouse, copy = tmp_path / "sparkify.duckdb", Path(snapshot_of(f"{tmp_path}/sparkify.duckdb"))

    for command in (("undo", "1"), ("etl", "--retry"), ("rebuild",), ("forget", "15", "--yes")):
        done = snapped(*command)
        assert done.returncode == 0, done.stderr
        assert copy.read_bytes() == warehouse.read_bytes(), command


def test_a_copy_that_a_killed_command_left_behind_is_of_the_past_until_the_next_one(
    snapped: Run, source: Source, tmp_path: Path
) -> None:
    copy = Path(snapshot_of(f"{tmp_path}/sparkify.duckdb"))
    old = copy.read_bytes()
    source.log(play(1, sessionId=700), day="2018-11-20")
    assert snapped("etl").returncode == 0
    copy.write_bytes(old)  # as if it had been killed between the commit and the copy

    assert snapped("etl").stdout.count("nothing to do") <= 1

    assert copy.read_bytes() == (tmp_path / "sparkify.duckdb").read_bytes()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_the_copy_is_as_private_as_the_warehouse(snapped: Run, tmp_path: Path, mode: int) -> None:
    warehouse = tmp_path / "sparkify.duckdb"
    warehouse.chmod(mode)
    assert snapped("rebuild").returncode == 0

    assert stat.S_IMODE(Path(snapshot_of(str(warehouse))).stat().st_mode) == mode
    assert [file.name for file in tmp_path.glob(".*.part")] == []


def test_a_copy_that_cannot_be_written_is_one_line_and_the_run_is_published(
    snapped: Run, source: Source, tmp_path: Path
) -> None:
    copy = Path(snapshot_of(f"{tmp_path}/sparkify.duckdb"))
    before = plays(copy)
    copy.unlink()
    (copy / "in the way").mkdir(parents=True)
    source.log(play(1, sessionId=700), day="2018-11-20")

    done = snapped("etl")

    assert (done.returncode, done.stderr.count("Traceback")) == (1, 0)
    assert (
        "sparkify.snapshot.duckdb is no copy of this warehouse, and is left alone"
        in done.stderr.splitlines()[-1]
    )
    assert plays(tmp_path / "sparkify.duckdb") == before + 1
    assert snapped("ask", "loads").returncode == 2


def test_without_a_copy_readers_are_told_how_one_comes_about(loaded: Run, source: Source) -> None:
    (source.folder.parent / "dwg.cfg").write_text("[WAREHOUSE]\nSNAPSHOT = yes\n")

    done = loaded("ask", "most_played_songs")

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "`sparkify tables create`" in done.stderr


def test_a_warehouse_with_a_log_beside_it_is_not_copied(tmp_path: Path) -> None:
    warehouse = tmp_path / "a.duckdb"
    warehouse.write_bytes(b"state")
    (tmp_path / "a.duckdb.wal").write_bytes(b"what is not in it yet")

    write_snapshot(str(warehouse))

    assert not Path(snapshot_of(str(warehouse))).exists()
    with pytest.raises(WarehouseError, match="cannot be written"):
        write_snapshot(str(tmp_path / "gone.duckdb"))


def test_what_did_not_fit_the_disk_is_said_where_readers_have_a_copy(tmp_path: Path) -> None:
    file = f"{tmp_path}/w.duckdb"
    first = DuckDB(file, snapshot=True)
    create_tables(first)
    first.close()
    engine = DuckDB(file, snapshot=True)
    engine.native("CREATE TABLE mine AS SELECT i, hash(i) AS h FROM range(50000) t(i)")

    with no_file_larger_than(Path(file).stat().st_size), pytest.raises(WarehouseError, match="to its end"):
        engine.close()

    DuckDB(file, snapshot=True).close()
    with duckdb.connect(snapshot_of(file), read_only=True) as copy:
        assert copy.execute("SELECT COUNT(*) FROM mine").fetchall() == [(50_000,)]


def test_openings_at_one_time_have_the_limits_of_the_first(loaded: Run, tmp_path: Path) -> None:
    """As those of a page that is asked for while another is made; no setting can be set once it is locked."""

    def ask(_: int) -> Any:
        engine = DuckDB(
            f"{tmp_path}/sparkify.duckdb",
            read_only=True,
            locked_down=True,
            memory="50%",
            limits=Limits(5.0, "1GB"),
        )
        try:
            return engine.native("SELECT COUNT(*) FROM songplay, range(1000000)").scalar()
        finally:
            engine.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(24))) == {2_000_000}
    assert loaded("rebuild", "--wait", "0").returncode == 0


def test_a_copy_that_a_killed_command_had_begun_is_removed_by_the_next_and_one_in_work_is_not(
    loaded: Run, tmp_path: Path
) -> None:
    copy = Path(snapshot_of(f"{tmp_path}/sparkify.duckdb"))
    code = (
        f"import os, sys; from pathlib import Path; from sparkify.writing import replacing\n"
        f"with replacing(Path({str(copy)!r})) as out:\n"
        " out.write(b'names'); out.flush(); print('begun', flush=True); sys.stdin.read(); os._exit(9)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout and other.stdout.readline() == b"begun\n"
        remove_parts(copy)
        assert len(list(tmp_path.glob(".*.part"))) == 1

    assert len(list(tmp_path.glob(".*.part"))) == 1
    assert loaded("forget", "15", "--yes").returncode == 0
    assert list(tmp_path.glob(".*.part")) == []


def test_a_command_that_was_not_told_of_the_copy_keeps_it_up_too(snapped: Run, tmp_path: Path) -> None:
    copy = snapshot_of(f"{tmp_path}/sparkify.duckdb")
    (tmp_path / "dwg.cfg").unlink()

    assert snapped("forget", "15", "--yes").returncode == 0

    with duckdb.connect(copy, read_only=True) as reader:
        assert reader.execute("SELECT COUNT(*) FROM users").fetchall() == [(0,)]
    assert Path(copy).read_bytes() == (tmp_path / "sparkify.duckdb").read_bytes()


def test_what_is_no_copy_of_this_warehouse_is_left_alone(loaded: Run, tmp_path: Path) -> None:
    copy = Path(snapshot_of(f"{tmp_path}/sparkify.duckdb"))
    other = DuckDB(f"{tmp_path}/other.duckdb")
    create_tables(other)
    other.close()
    with duckdb.connect(f"{tmp_path}/theirs.duckdb") as theirs:
        theirs.execute("CREATE TABLE mine AS SELECT 42 AS a")
    contents = [Path(f"{tmp_path}/{name}.duckdb").read_bytes() for name in ("theirs", "other")]
    for content in (b"precious notes", *contents):
        copy.write_bytes(content)

        done = loaded("rebuild")

        assert copy.read_bytes() == content
        asked = DuckDB(f"{tmp_path}/sparkify.duckdb", snapshot=True)
        with pytest.raises(WarehouseError, match="is no copy of this warehouse, and is left alone"):
            asked.close()
        assert copy.read_bytes() == content
        if content is contents[-1]:  # readers of the copy would be shown another warehouse for ever
            assert (done.returncode, done.stderr.count("Traceback")) == (1, 0)
            assert "is no copy of this warehouse" in done.stderr.splitlines()[-1]
        else:
            assert done.returncode == 0
    copy.write_bytes(contents[0])
    assert loaded("tables", "drop", "--yes").returncode == 0
    assert copy.read_bytes() == contents[0]


def test_a_copy_goes_with_the_tables_and_comes_back_with_them(snapped: Run, tmp_path: Path) -> None:
    copy = snapshot_of(f"{tmp_path}/sparkify.duckdb")

    assert snapped("tables", "drop", "--yes").returncode == 0
    with duckdb.connect(copy, read_only=True) as reader:
        assert reader.execute("SELECT COUNT(*) FROM duckdb_tables()").fetchall() == [(0,)]

    assert snapped("etl", "--source", "music").returncode == 0
    assert plays(copy) == plays(tmp_path / "sparkify.duckdb") > 0


@pytest.mark.parametrize("told", ["yes", "no"])
def test_a_copy_that_somebody_has_open_to_write_is_replaced_all_the_same(
    snapped: Run, tmp_path: Path, told: str
) -> None:
    (tmp_path / "dwg.cfg").write_text(f"[WAREHOUSE]\nSNAPSHOT = {told}\n")
    copy = snapshot_of(f"{tmp_path}/sparkify.duckdb")
    code = f"import duckdb; c = duckdb.connect({copy!r}); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as theirs:
        assert theirs.stdin and theirs.stdout
        theirs.stdout.readline()

        done = snapped("forget", "15", "--yes")

        theirs.communicate("\n")
    assert done.returncode == 0, done.stderr
    with duckdb.connect(copy, read_only=True) as reader:
        assert reader.execute("SELECT COUNT(*) FROM users").fetchall() == [(0,)]


def test_what_somebody_wrote_to_the_copy_spoils_no_later_one(snapped: Run, tmp_path: Path) -> None:
    copy = snapshot_of(f"{tmp_path}/sparkify.duckdb")
    code = (
        f"import duckdb, os; c = duckdb.connect({copy!r}); "
        "c.execute('PRAGMA disable_checkpoint_on_shutdown'); "
        "c.execute('DELETE FROM users'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert Path(f"{copy}.wal").exists()

    assert snapped("rebuild").returncode == 0

    assert plays(copy) == 2
    assert snapped("query", "SELECT COUNT(*) FROM users").stdout.split()[-1] == "1"


def test_what_was_computed_is_not_shown_of_a_warehouse_that_took_the_place_of_another(
    source: Source, tmp_path: Path
) -> None:
    """A backup that was restored, or another warehouse, may be at the same run."""
    files = [tmp_path / "shown.duckdb", tmp_path / "other.duckdb"]
    for number, file in enumerate(files):
        source.log(*(play(item) for item in range(3 + number)))
        engine = DuckDB(str(file))
        create_tables(engine)
        etl(engine, source.folder)
        engine.execute(f"UPDATE etl_run SET started_at = TIMESTAMP '2026-01-0{number + 1} 00:00:00'")
        engine.close()
    live = Live(lambda wait: DuckDB(str(files[0]), read_only=True, wait=wait), check_everything)
    plays = [live.answer(live_question(name="plays_by_level")).rows]

    files[1].replace(files[0])

    plays.append(live.answer(live_question(name="plays_by_level")).rows)
    assert [[row[1] for row in rows] for rows in plays] == [[3], [4]]


def test_the_copy_of_a_dropped_warehouse_goes_whatever_else_is_in_the_file(
    loaded: Run, tmp_path: Path
) -> None:
    (tmp_path / "dwg.cfg").write_text("[WAREHOUSE]\nSNAPSHOT = yes\n")
    assert loaded("rebuild").returncode == 0
    with duckdb.connect(str(tmp_path / "sparkify.duckdb")) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 1 AS a")

    dropped = loaded("tables", "drop", "--yes")
    asked = loaded("ask", "at_a_glance")
    again = loaded("etl", "--source", "music")

    assert (dropped.returncode, dropped.stderr) == (0, ""), dropped.stderr
    assert (asked.returncode, "no tables yet" in asked.stderr) == (2, True), asked.stderr
    assert again.returncode == 0, again.stderr
    assert loaded("ask", "at_a_glance").returncode == 0
    with duckdb.connect(str(tmp_path / "sparkify.duckdb")) as connection:
        assert connection.execute("SELECT a FROM mine").fetchall() == [(1,)]


def test_the_copy_is_no_warehouse_to_write_to(snapped: Run, tmp_path: Path) -> None:
    """It would be done to the copy alone, and the warehouse go on as it was."""
    copy = "sparkify.snapshot.duckdb"
    before = (tmp_path / copy).read_bytes()

    for command in (("forget", "15", "--yes"), ("undo", "1"), ("etl", "--source", "music")):
        done = snapped(*command, "--warehouse", copy)
        assert (done.returncode, "is the copy of sparkify.duckdb for readers" in done.stderr) == (2, True), (
            done
        )
    assert (tmp_path / copy).read_bytes() == before
