"""What a rehearsal that is killed leaves behind: it holds the records that it was walked with."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sparkify.emulator.postgres import PostgresMissing, programs
from sparkify.scratch import sweep


@pytest.fixture
def passing() -> Iterator[Path]:
    """A folder for passing files that PostgreSQL's own user reaches too."""
    try:
        programs()
    except PostgresMissing as missing:
        pytest.skip(str(missing))
    folder = Path(tempfile.mkdtemp(prefix="killed-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def servers_of(folder: Path) -> list[str]:
    """The processes that have this folder in their command line."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(folder) in line]


def test_a_rehearsal_that_is_killed_leaves_no_server_and_no_records(passing: Path, tmp_path: Path) -> None:
    rehearsing = subprocess.Popen(
        [sys.executable, "-m", "sparkify", "rehearse"], cwd=tmp_path, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(passing)},
    )  # fmt: skip
    assert rehearsing.stdout
    assert rehearsing.stdout.readline().startswith("rehearsed ")
    assert any("postgres" in line for line in servers_of(passing))
    assert list(passing.glob("emulator-*/data/base"))

    rehearsing.kill()
    rehearsing.communicate()

    deadline = time.monotonic() + 60
    while (servers_of(passing) or list(passing.glob("emulator-*/data"))) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert servers_of(passing) == []
    sweep(passing)  # as whatever makes such a folder next does
    left = [file.name for file in passing.rglob("*") if file.is_file()]
    assert {*left} <= {"certificate.pem", "key.pem"}  # of the emulator's own certificate
