"""The steps of a rehearsal: the very scripts that a user runs, each in a process of its own."""

import contextlib
import csv
import io
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sparkify.errors import RehearsalError

ROOT = Path(__file__).parent.parent.parent
LATEST = "load the latest day"
COMPARE = "compare every star table"
COMPARE_REJECTS = "compare every reject"
COMPARE_EXTRA = "compare every value set aside"
REJECTS = ("rejects", "--format", "csv", "--limit", "0")
EXTRA = (
    "query",
    "SELECT extra, COUNT(*) AS records FROM "
    "(SELECT extra FROM stg_events UNION ALL SELECT extra FROM stg_songs) AS staged "
    "WHERE extra IS NOT NULL GROUP BY extra",
    "--as-login",
    "--format",
    "csv",
)
STEPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("launch", "cluster_setup/launch_cluster.py", ("cluster", "launch", "--yes")),
    ("configure", "cluster_setup/configure_cluster.py", ("cluster", "configure")),
    ("create tables", "create_tables.py", ("tables", "create")),
    ("load", "etl.py", ("etl",)),
    ("load again", "etl.py", ("etl",)),
    (LATEST, "etl.py", ("etl",)),
    ("check", "", ("check", "--format", "csv")),
    ("load the same on DuckDB", "", ("etl", "--warehouse", "local.duckdb")),
    (COMPARE, "", ("diff", "redshift", "local.duckdb", "--format", "table")),
    ("list the rejects", "", REJECTS),
    (COMPARE_REJECTS, "", (*REJECTS, "--warehouse", "local.duckdb")),
    ("list the values set aside", "", EXTRA),
    (COMPARE_EXTRA, "", (*EXTRA, "--warehouse", "local.duckdb")),
    ("delete", "cluster_setup/delete_cluster.py", ("cluster", "delete", "--yes")),
)
"""Each step: its name, the script that does it, and the command that the script stands for."""
COMPARED = {COMPARE_REJECTS: "reject", COMPARE_EXTRA: "value set aside"}
"""Steps whose output must be that of the step before, and what each line of it is."""
POLLER = 20.0
"""Seconds that a step has to end by itself when it is interrupted."""


@dataclass(frozen=True)
class Step:
    """A step that was walked."""

    name: str
    seconds: float
    code: int
    out: str
    err: str

    @property
    def shown(self) -> str:
        """What it printed, of the steps whose figures matter."""
        return self.out if self.name in ("load", "load again", LATEST, COMPARE) else ""


@dataclass(frozen=True)
class Stage:
    """Where the steps are walked."""

    folder: Path
    """Holds dwg.cfg; each step runs in it."""
    environment: Mapping[str, str]
    more: Mapping[str, tuple[str, ...]]
    """Arguments that a step is given besides."""
    fill_latest: Callable[[], None]
    """Bring the latest day into the source."""
    remaining: Callable[[], float] = lambda: float("inf")
    """Seconds that are left for a step."""

    def log(self, name: str) -> Path:
        """The statements that a step of this name sent, as sparkify.recorder writes them."""
        return self.folder / "statements" / f"{name}.jsonl"


def walk_all(stage: Stage, say: Callable[[str], None]) -> Iterator[Step]:
    """Walk every step. Raises RehearsalError at the first that fails."""
    (stage.folder / "statements").mkdir()
    before = ""
    for name, script, command in STEPS:
        say(name)
        if name == LATEST:
            stage.fill_latest()
        step = walk(name, script, (*command, *stage.more.get(name, ())), stage)
        if name in COMPARED:
            require_equal(before, step.out, COMPARED[name])
        before = step.out
        yield step


def first_missing(done: Collection[str]) -> str:
    """The first step that was not done; nothing if all were."""
    return next((name for name, *_ in STEPS if name not in done), "")


def require_equal(redshift: str, local: str, what: str) -> None:
    """Raise RehearsalError at the first row of CSV that one engine has more often; their runs may differ."""
    ours, theirs = _rows(redshift), _rows(local)
    for row in sorted((ours - theirs) + (theirs - ours)):
        who = "Redshift" if ours[row] > theirs[row] else "DuckDB"
        raise RehearsalError(f"the engines differ, first at a {what} that only {who} has: {','.join(row)}")


def _rows(text: str) -> Counter[tuple[str, ...]]:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return Counter(tuple(row[name] or "" for name in row if name != "run_id") for row in rows)


def walk(name: str, script: str, command: tuple[str, ...], stage: Stage) -> Step:
    """Run one step: the script where this is a checkout, else the command that it stands for."""
    if script and (ROOT / script).is_file():
        skipped = {"launch_cluster": 2, "configure_cluster": 2, "delete_cluster": 2, "create_tables": 2}
        line = [str(ROOT / script), *command[skipped.get(Path(script).stem, 1) :]]
    else:
        line = ["-m", "sparkify.cli.main", *command]
    began = time.monotonic()
    code, out, err = _run(line, stage, {**stage.environment, "SPARKIFY_STATEMENT_LOG": str(stage.log(name))})
    step = Step(name, time.monotonic() - began, code, out, err)
    if step.code:
        said = (step.err.strip() or step.out.strip()).splitlines() or [f"exit code {step.code}"]
        what = "the engines differ, first at" if name == COMPARE else f"the rehearsal stopped at {name!r}:"
        raise RehearsalError(f"{what} {said[0 if name == COMPARE else -1]}")
    return step


def _run(line: Sequence[str], stage: Stage, environment: Mapping[str, str]) -> tuple[int, str, str]:
    """(exit code, stdout, stderr). Whatever ends the wait, the process has ended too."""
    remaining = stage.remaining()
    process = subprocess.Popen(
        [sys.executable, *line], cwd=stage.folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, process_group=0,
    )  # fmt: skip
    try:
        out, err = process.communicate(timeout=None if remaining == float("inf") else max(0.0, remaining))
    except subprocess.TimeoutExpired as error:
        raise RehearsalError("the time to live is over") from error
    finally:
        _end(process)
    return process.returncode, out, err


def _end(process: "subprocess.Popen[str]") -> None:
    """Interrupt a step that still runs, so that it ends as by a Ctrl-C: no call to AWS is cut in two."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=POLLER)
        process.kill()
        process.wait()
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()


@contextlib.contextmanager
def without(*prefixes: str) -> Iterator[None]:
    """Without the settings whose names begin so: they would lead to what is the user's."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(prefixes):
            del os.environ[name]
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
