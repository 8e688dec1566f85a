"""How long the tests that try to break it run, and what they have survived.

`make torture` sets TORTURE=1 and runs them long; docs/torture.json holds the figures of its last run. Any
other run of the tests keeps them short. `make check` sets LONG=1, and runs also what takes a minute each.
"""

import datetime as dt
import fcntl
import json
import os
from pathlib import Path

import pytest

long = pytest.mark.skipif(
    not (os.environ.get("LONG") or os.environ.get("TORTURE")), reason="takes a minute: `make check` runs it"
)
"""A test of a whole rehearsal, which `make test` leaves out."""
FIGURES = Path(__file__).parent.parent / "docs" / "torture.json"


def times(short: int, long: int) -> int:
    """How often to try."""
    return long if os.environ.get("TORTURE") else short


def survived(what: str, count: int) -> None:
    """Add to what this long run has survived, in any of its processes; `make torture` begins with nothing."""
    if os.environ.get("TORTURE"):
        with FIGURES.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            figures = json.loads(file.read() or "{}")
            before = figures.get(what, {"count": 0})["count"]
            figures[what] = {"count": before + count, "date": dt.datetime.now(dt.UTC).date().isoformat()}
            file.truncate(0)
            file.write(json.dumps(dict(sorted(figures.items())), indent=1) + "\n")
