"""What lies around a warehouse and in the folder for passing files: as private as it, and nobody else's."""

import os
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from sparkify import connect
from sparkify.cli.report import report
from sparkify.config_sources import load_config
from sparkify.connection import mode_of_page
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.engines.duckdb.file_lock import FileLock
from sparkify.errors import ConfigError
from sparkify.load.tables import create_tables
from sparkify.scratch import MARKER, PREFIX, Scratch, sweep
from sparkify.writing import umask
from tests.builders import Run, Source, etl, play, without_rights


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for passing files of our own."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder


def killed(code: str) -> None:
    """Run Python until it says that it is ready, and kill it."""
    command = [
        sys.executable,
        "-c",
        textwrap.dedent(code) + "\nprint(flush=True); import time; time.sleep(99)",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        process.kill()
    assert process.returncode == -signal.SIGKILL


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_uses_is_not(temporary: Path) -> None:
    killed(
        """
        from sparkify.scratch import Scratch
        (Scratch().path / "7.json").write_text("what listeners did")
        """
    )
    assert list(temporary.rglob("7.json")) != []
    code = "from sparkify.scratch import Scratch; s = Scratch(); print(s.path, flush=True); input()"
    other = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout
    used = Path(other.stdout.readline().strip())

    with Scratch() as own:
        sweep(temporary)
        assert own.is_dir()

    assert used.is_dir()
    assert list(temporary.rglob("7.json")) == []
    other.communicate("\n")


def test_a_folder_without_our_marker_is_never_removed(temporary: Path) -> None:
    for name in ("sparkify-2018-backup", "sparkify-99999999-x", f"{PREFIX}mine"):
        (temporary / name).mkdir()
        (temporary / name / "a.json").touch()
    target = temporary / "target"
    target.mkdir()
    (target / MARKER).touch()
    (temporary / f"{PREFIX}link").symlink_to(target)
    (temporary / f"{PREFIX}other").mkdir()
    (temporary / f"{PREFIX}other" / MARKER).symlink_to(target / MARKER)
    before = sorted(map(str, temporary.rglob("*")))

    sweep(temporary)

    assert sorted(map(str, temporary.rglob("*"))) == before


def test_a_scratch_folder_is_private_and_gone_when_it_is_closed(temporary: Path) -> None:
    with Scratch() as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("read", ["w.duckdb", "w.snapshot.duckdb"])
def test_spill_files_of_killed_runs_are_removed_by_whoever_opens_the_warehouse_next(
    tmp_path: Path, read: str
) -> None:
    """Also those of a reader of the copy."""
    file = tmp_path / "w.duckdb"
    DuckDB(str(file)).close()
    DuckDB(str(tmp_path / read)).close()
    killed(
        f"""
        from sparkify.engines.duckdb.engine import DuckDB
        engine = DuckDB({str(tmp_path / read)!r})
        (engine._spill / "duckdb_temp_storage_S32K-0.tmp").write_text("Lily Koch")
        """
    )
    (tmp_path / "w.duckdb.tmp").mkdir()  # where older programs let DuckDB spill
    (tmp_path / "w.duckdb.tmp" / "duckdb_temp_block-7.block").write_text("Lily Koch")

    engine = DuckDB(str(file))

    assert [path.name for path in tmp_path.rglob("duckdb_temp*")] == []
    engine.close()
    wanted = {"tmp", "w.duckdb", "w.duckdb.lock", read, f"{read}.lock"}
    assert {path.name for path in tmp_path.iterdir()} == wanted


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_whatever_is_made_beside_a_warehouse_has_its_mode_from_the_first_byte(
    source: Source, tmp_path: Path, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "w"
    folder.mkdir()
    file = folder / "w.duckdb"
    engine = DuckDB(str(file))
    create_tables(engine)
    engine.close()
    file.chmod(mode)
    mask = os.umask(0o022)
    engine = DuckDB(str(file))
    seen: dict[str, int] = {}
    execute = type(engine)._fetch

    def watched(self: DuckDB, sql: str) -> object:
        found = execute(self, sql)
        for path in folder.rglob("*"):
            seen[path.name] = seen.get(path.name, 0) | stat.S_IMODE(path.stat().st_mode)
        return found

    monkeypatch.setattr(type(engine), "_fetch", watched)
    source.log(*map(play, range(200)))
    etl(engine, source.folder)
    engine.execute("INSERT INTO etl_play_page (page) VALUES ('Home')")  # committed, and not yet in the file
    engine.rewrite()
    engine.close()

    spill = [name for name in seen if PREFIX in name]
    assert {name: oct(found) for name, found in seen.items() if name not in (*spill, MARKER)} == {
        name: oct(mode) for name in ("w.duckdb", "w.duckdb.lock", "w.duckdb.wal")
    }
    assert [oct(seen[name] & 0o077) for name in spill] == ["0o0"]
    assert stat.S_IMODE(file.stat().st_mode) == mode
    assert os.umask(mask) == 0o022


def test_warehouses_that_are_closed_in_any_order_leave_the_mask_of_the_process(tmp_path: Path) -> None:
    for name in "ab":
        DuckDB(f"{tmp_path}/{name}").close()
        (tmp_path / name).chmod(0o600)
    before = os.umask(0o022)
    first, second = (DuckDB(f"{tmp_path}/{name}") for name in "ab")

    first.close()
    assert os.umask(0o077) == 0o077
    second.close()

    assert os.umask(before) == 0o022


@pytest.mark.parametrize("text", ["mine", "", '{"pid": 7}'])
def test_a_lock_file_that_is_a_link_or_somebody_elses_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    file, lock, other = tmp_path / "w.duckdb", tmp_path / "w.duckdb.lock", tmp_path / "other"
    other.write_text(text)
    makes = [lock.symlink_to, lock.hardlink_to]
    if text == "mine":
        makes.append(lambda path: lock.write_bytes(Path(path).read_bytes()) and None)
    for make in makes:
        make(other)

        with pytest.raises(ConfigError, match=r"lock cannot be made: (it is a link|another file lies there)"):
            DuckDB(str(file))

        assert other.read_text() == text
        lock.unlink()
    assert not file.exists()


@pytest.mark.parametrize("made", ["by_a_reader", "before"])
def test_a_lock_file_that_nobody_may_write_locks_as_well(source: Source, tmp_path: Path, made: str) -> None:
    """A reader of a warehouse of mode 0444 makes one; later its owner loads again."""
    file, lock = tmp_path / "w.duckdb", tmp_path / "w.duckdb.lock"
    source.log(play(0))
    etl_of = ("etl", "--source", str(source.folder), "--warehouse", str(file))
    assert without_rights(tmp_path, *etl_of).returncode == 0
    file.chmod(0o444)
    if made == "by_a_reader":
        lock.unlink()
        assert without_rights(tmp_path, "ask", "plays_by_level", "--warehouse", str(file)).returncode == 0
    else:
        lock.chmod(0o444)
    file.chmod(0o644)
    source.log(play(1), day="2018-11-02")

    done = without_rights(tmp_path, *etl_of)

    assert (done.returncode, "1 loaded" in done.stdout) == (0, True), done.stderr
    assert (b"pid" in lock.read_bytes()) or made == "before"
    held = FileLock(str(file), exclusive=True)
    held.acquire(0)
    assert "is held by" in without_rights(tmp_path, *etl_of, "--wait", "0").stderr
    held.release()


def test_a_rewritten_warehouse_keeps_the_version_of_its_storage(tmp_path: Path) -> None:
    file = f"{tmp_path}/w.duckdb"
    with duckdb.connect() as making:
        making.execute(f"ATTACH '{file}' AS w (STORAGE_VERSION 'v1.2.0')")
    engine = DuckDB(file)
    create_tables(engine)
    version = "SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal"
    before = engine.native(version).rows

    engine.rewrite()

    assert engine.native(version).rows == before
    assert "v1.2.0" in str(before)
    engine.close()


def test_a_new_warehouse_can_be_read_by_duckdb_1_4_and_stays_so(tmp_path: Path) -> None:
    """duckdb.org, "Storage Versions and Format": 1.4 writes and reads v1.4.0, and nothing later."""
    engine = DuckDB(f"{tmp_path}/w.duckdb")
    create_tables(engine)
    engine.rewrite()
    engine.close()

    engine = DuckDB(f"{tmp_path}/w.duckdb")

    version = "SELECT tags['storage_version'] FROM duckdb_databases() WHERE NOT internal"
    assert engine.native(version).rows == [("v1.4.0+",)]
    engine.close()


def test_too_few_open_files_are_said_in_one_line(loaded: Run, tmp_path: Path) -> None:
    said = []
    for most in range(4, 16):
        command = f"ulimit -n {most}; exec {sys.executable} -m sparkify.cli.main etl --source music"
        done = subprocess.run(
            ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        said += [line for line in done.stderr.splitlines() if line.startswith("sparkify: ")]

    assert any("open files" in line for line in said), said
    assert loaded("check").returncode == 0


@pytest.mark.parametrize(
    ("warehouse", "before", "after"), [(0o600, None, 0o600), (0o640, 0o644, 0o640), (0o644, 0o600, 0o600)]
)
def test_a_report_with_names_is_as_private_as_its_warehouse(
    loaded: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    warehouse: int,
    before: int | None,
    after: int,
) -> None:
    monkeypatch.setattr("sparkify.ask.report.gather", lambda *_, **__: {"trust": {"checks": 1}})
    monkeypatch.setattr("sparkify.ask.report.render", str)
    pages = [tmp_path / "by_python.html", tmp_path / "by_command.html"]
    (tmp_path / "sparkify.duckdb").chmod(warehouse)
    for page in pages if before else ():
        page.touch(before)
        page.chmod(before)

    connect(tmp_path / "sparkify.duckdb").report(pages[0], names=True)
    command = ["--warehouse", str(tmp_path / "sparkify.duckdb"), "--out", str(pages[1]), "--names"]
    report.main(command, standalone_mode=False)

    assert [oct(stat.S_IMODE(page.stat().st_mode)) for page in pages] == [oct(after)] * 2
    connect(tmp_path / "sparkify.duckdb").report(tmp_path / "numbers.html")
    assert stat.S_IMODE((tmp_path / "numbers.html").stat().st_mode) == 0o666 & ~umask()


def test_on_an_engine_without_a_file_a_report_with_names_is_its_writers_alone() -> None:
    redshift = load_config(flags={"warehouse.engine": "redshift"}, environ={})

    assert (mode_of_page(redshift, names=True), mode_of_page(redshift, names=False)) == (0o600, 0o777)


def test_a_simulation_removes_nothing_that_lies_beside_it(run: Run, tmp_path: Path) -> None:
    for name in ("music.partial", "music.later.partial"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine").touch()

    done = run("simulate", "music", "--listeners", "3", "--days", "2")

    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("*.partial/mine"))) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "music", "music.later.partial", "music.partial", "tmp",
    ]  # fmt: skip


def test_what_is_no_file_of_ours_is_waited_for_by_nobody_and_left_alone(loaded: Run, tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    names = (
        ".sparkify.snapshot.duckdb.sparkify-abcd1234.part",
        ".report.html.sparkify-abcd1234.part",
        "exports/export.json",
        "sparkify.snapshot.duckdb",
    )
    mine = [
        tmp_path / ".report.html.sparkify-mine.part",
        tmp_path / ".sparkify.snapshot.duckdb.sparkify-x.part",
    ]
    for file in mine:
        file.touch()
    pipes = [tmp_path / name for name in names]
    for pipe in pipes:
        os.mkfifo(pipe)

    for command, code in ((("tables", "create"), 0), (("report",), 0), (("export", "exports"), 2)):
        done = loaded(*command)
        assert (done.returncode, done.stderr.count("Traceback")) == (code, 0), done.stderr

    assert all(stat.S_ISFIFO(pipe.lstat().st_mode) for pipe in pipes)
    assert all(file.exists() for file in mine)
