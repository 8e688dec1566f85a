"""Killed at any moment: the next run ends as an undisturbed one, in the star and in the ledger."""

import random
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from sparkify.engines.duckdb.engine import DuckDB
from sparkify.load.checks import check_everything, check_seal
from sparkify.load.diff import digest_star
from tests.builders import Source, play, rows, song
from tests.test_processes import finish, start
from tests.torture import survived, times

LEDGER = {
    "files": "SELECT uri, records_read, loaded, duplicate, rejected FROM etl_file "
    "WHERE replaced_in IS NULL ORDER BY 1, 2, 3, 4, 5",
    "rejects": "SELECT record, reason, raw_text FROM etl_reject ORDER BY 1, 2, 3",
    "events": "SELECT session_id, item_in_session, ts, user_id, first_name FROM stg_events ORDER BY 1, 2, 3",
}
COMMANDS = {
    "etl": ("etl", "--source", "music"),
    "reload": ("reload", "music/log_data/2018/11/2018-11-01-events.json"),
    "undo": ("undo", "2"),
    "forget": ("forget", "15", "--yes"),
}


@pytest.fixture
def before(source: Source, tmp_path: Path, command: str) -> Path:
    """A warehouse of two runs, in a folder where the command has something to do."""
    source.song(song())
    for day in (1, 2):
        plays = (play(item, sessionId=day, userId=str(15 + item % 3)) for item in range(900))
        source.log(*plays, "{broken", day=f"2018-11-0{day}")
        assert finish(start("etl", "--source", "music", cwd=tmp_path))[0] == 0
    if command == "etl":
        source.log(*(play(item, sessionId=3) for item in range(9000)), "{broken", day="2018-11-03")
        source.song(song("SO2", duration=200.4))
    if command == "reload":
        source.log(*(play(item, sessionId=1, userId="15") for item in range(5, 700)), "[]", day="2018-11-01")
    return tmp_path / "sparkify.duckdb"


def _state(file: Path) -> dict[str, Any]:
    engine = DuckDB(str(file))
    state: dict[str, Any] = {"star": digest_star(engine)}
    state |= {name: rows(engine, sql) for name, sql in LEDGER.items()}
    verdicts = [*check_everything(engine), check_seal(engine)]
    assert [verdict.sentence() for verdict in verdicts if not verdict.passed] == []
    engine.close()
    return state


def _fresh(folder: Path, original: Path) -> None:
    for file in folder.glob("sparkify.duckdb*"):
        if file.is_dir():
            shutil.rmtree(file)
        else:
            file.unlink()
    shutil.copyfile(original, folder / "sparkify.duckdb")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_was_killed_is_done_again_or_was_done(before: Path, command: str) -> None:
    folder = before.parent
    original = folder / "original.duckdb"
    shutil.copyfile(before, original)
    began = time.monotonic()
    code, _, err = finish(start(*COMMANDS[command], cwd=folder))
    assert code == 0, err
    lasts = time.monotonic() - began
    truth = _state(before)
    steps = err.count("\n")
    chance = random.Random(7)
    killed, tries = 0, times(3, 50)

    for number in range(tries):
        _fresh(folder, original)
        process = start(*COMMANDS[command], cwd=folder)
        if number < min(steps, tries // 2):  # as each step begins
            assert process.stderr
            for _ in range(number + 1):
                process.stderr.readline()
        else:
            time.sleep(chance.uniform(0.05, 0.95) * lasts)
        process.send_signal(signal.SIGKILL)
        killed += finish(process)[0] == -signal.SIGKILL  # it may have been done before
        code, _, err = finish(start(*COMMANDS[command], cwd=folder))
        assert "Traceback" not in err
        assert code == 0 or "has already been rolled back" in err, err

        assert _state(before) == truth, f"kill {number}"
    assert killed > tries // 2
    survived(f"kills of {command}", killed)
