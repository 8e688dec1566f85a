"""The recipe for backup and restore in docs/operations.md, typed as it stands there."""

import datetime as dt
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from sparkify.engines.duckdb.engine import DuckDB
from tests.builders import Source, play, song
from tests.test_processes import finish, start

GUIDE = Path(__file__).parent.parent / "docs" / "operations.md"
RECIPE = GUIDE.read_text().partition("## Backup, restore, move")[2].partition("```sh\n")[2].splitlines()
COPY, CHECK = "\n".join(RECIPE[:2]), RECIPE[2]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Path:
    if not shutil.which("flock"):
        assert not os.environ.get("CI"), "there is no flock"
        pytest.skip("there is no flock (util-linux) on this machine")
    (tmp_path / "backup").mkdir()
    return tmp_path


def typed(line: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-c", line],
        check=False,
        cwd=folder,
        env={**os.environ, "PATH": path},
        text=True,
        capture_output=True,
    )


def done(folder: Path, *arguments: str) -> str:
    code, out, err = finish(start(*arguments, cwd=folder))
    assert code == 0, err
    return out


def test_a_backup_is_made_checked_and_restored_and_loads_what_came_since(
    source: Source, folder: Path
) -> None:
    plays = ("query", "SELECT count(*) AS plays FROM songplay", "--format", "csv")
    source.song(song())
    source.log(play(1), play(2, userId=7, firstName="Zebulon"), day="2018-11-01")
    done(folder, "etl", "--source", "music")

    copied = typed(COPY, folder)
    checked = typed(CHECK.replace("2026-11-28", dt.date.today().isoformat()), folder)

    assert (copied.returncode, checked.returncode) == (0, 0), copied.stderr + checked.stderr
    source.log(play(3), play(4), day="2018-11-02")
    done(folder, "etl", "--source", "music")
    done(folder, "forget", "--yes", "7")
    forgotten = done(folder, "forget", "--list")
    warehouse = folder / "sparkify.duckdb"
    left_by_a_kill = folder / "sparkify.duckdb.wal"
    left_by_a_kill.write_bytes(b"of the file that was here before")

    shutil.copy(next((folder / "backup").glob("*.duckdb")), warehouse)
    left_by_a_kill.unlink()
    (folder / "forgotten.csv").write_text(forgotten)
    assert b"Zebulon" in warehouse.read_bytes()
    done(folder, "forget", "--import", "forgotten.csv", "--yes")
    done(folder, "check")
    done(folder, "etl", "--source", "music")

    assert done(folder, *plays).split() == ["plays", "4"]
    assert b"Zebulon" not in warehouse.read_bytes()
    done(folder, "check", "--deep")


@pytest.mark.parametrize("is_link", [False, True])
def test_no_backup_is_made_of_a_file_whose_last_commits_lie_beside_it(
    source: Source, folder: Path, is_link: bool
) -> None:
    source.song(song())
    source.log(play(1))
    done(folder, "etl", "--source", "music")
    written_and_killed = (
        "import duckdb, os; c = duckdb.connect('sparkify.duckdb'); "
        "c.execute('CREATE TABLE committed AS SELECT 1 AS one'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", written_and_killed], cwd=folder, check=True)
    assert (folder / "sparkify.duckdb.wal").exists()

    (folder / "real").mkdir()
    if is_link:
        for file in folder.glob("sparkify.duckdb*"):
            file.rename(folder / "real" / file.name)
        (folder / "sparkify.duckdb").symlink_to("real/sparkify.duckdb")
    assert typed(COPY, folder).returncode == 1
    assert list((folder / "backup").iterdir()) == []

    done(folder, "tables", "create")
    assert typed(COPY, folder).returncode == 0
    with duckdb.connect(str(next((folder / "backup").glob("*.duckdb"))), read_only=True) as restored:
        assert restored.execute("SELECT one FROM committed").fetchall() == [(1,)]


def test_a_backup_waits_for_whoever_writes(source: Source, folder: Path) -> None:
    source.song(song())
    source.log(play(1))
    done(folder, "etl", "--source", "music")
    writer = DuckDB(str(folder / "sparkify.duckdb"))
    with subprocess.Popen(["sh", "-c", COPY], cwd=folder) as waiting:
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(timeout=1)
        assert list((folder / "backup").iterdir()) == []
        writer.close()
        assert waiting.wait(timeout=30) == 0
