"""All flows, walked on this machine: launch, configure, create tables, load, compare, delete.

The very scripts that a user runs are run, each in a process of its own, against the stand-in; what they
build is compared, row for row, with what DuckDB builds from the same files. Nothing of the user's own AWS
settings reaches them.
"""

import contextlib
import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sparkify.config import S3
from sparkify.errors import ConfigError, RehearsalError
from sparkify.load.files import list_source
from sparkify.simulate.service import Options, simulate
from sparkify.store import local_path

ROOT = Path(__file__).parent.parent
BUCKET = "rehearsed-music"
SOURCE = f"s3://{BUCKET}/app"
EVENTS, SONGS, DAYS, FAULTS = 20_000, 600, 14, 0.005
SERVICE = Options(None, EVENTS, DAYS, SONGS, Options.start, 1, FAULTS)
CLEAN_DAY = Options(None, EVENTS // DAYS, 1, SONGS, Options.start + dt.timedelta(days=2 * DAYS), seed=2)
"""A COPY brings it in as it is; where there are faults, the files are gathered instead."""
SETTINGS = f"""
[WAREHOUSE]
ENGINE = redshift
[CLUSTER]
NAME = sparkify-rehearsal
NODE_TYPE = rg.large
NODES = 2
POLL = 0.3
[S3]
SOURCE = {SOURCE}
"""
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
    "--format",
    "csv",
)
STEPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("launch", "cluster_setup/launch_cluster.py", ("cluster", "launch", "--yes", "--ttl", "1h")),
    ("configure", "cluster_setup/configure_cluster.py", ("cluster", "configure", "--cidr", "127.0.0.1")),
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


def rehearse(source: Path | None, say: Callable[[str], None]) -> Iterator[Step]:
    """Walk the steps, on the JSON files of `source` or on a service made up with faults.

    The latest log is held back for a load of its own. Raises RehearsalError at the first step that fails,
    ConfigError where there is no file, or a package or PostgreSQL is missing.
    """
    try:
        from sparkify.standin.postgres import PostgresMissing
        from sparkify.standin.service import standing_in
    except ImportError as error:
        raise ConfigError(
            f"a rehearsal needs {error.name}: pip install -e '.[rehearse]' in sparkify's folder."
        ) from error
    with tempfile.TemporaryDirectory(prefix="sparkify-rehearsal-") as place:
        folder = Path(place)
        (folder / "dwg.cfg").write_text(SETTINGS)
        if source is None:
            say("inventing a service")
            source = folder / "music"
            _invent(source)
        files = _listed(source)
        if not files:
            raise ConfigError(f"{source} holds no JSON file, neither in song_data/ nor in log_data/.")
        first = dict(list(files.items())[: max(1, len(files) - 1)])
        say("starting the stand-in")
        try:
            with _secluded(), standing_in(seconds=0.5) as standin:
                environment = {**os.environ, **standin.environment}
                say(f"filling {SOURCE} from {source}")
                standin.fill(BUCKET, first)
                before = ""
                for name, script, command in STEPS:
                    say(name)
                    if name == LATEST:
                        standin.fill(BUCKET, {key: files[key] for key in files.keys() - first.keys()})
                    step = _walk(name, script, command, folder, environment)
                    if name in COMPARED:
                        _require_equal(before.splitlines(), step.out.splitlines(), COMPARED[name])
                    before = step.out
                    yield step
        except (PostgresMissing, ModuleNotFoundError) as error:
            raise ConfigError(f"{error} (pip install -e '.[rehearse]' in sparkify's folder)") from error


def _invent(folder: Path) -> None:
    """A service with faults, and one more day without."""
    simulate(folder, SERVICE)
    clean = folder.with_name("clean")
    simulate(clean, CLEAN_DAY)
    for log in (clean / "log_data").rglob("*.json"):
        target = folder / log.relative_to(clean)
        target.parent.mkdir(parents=True, exist_ok=True)
        log.rename(target)


def _listed(source: Path) -> dict[str, Path]:
    """The files of the source by the keys that they will have in the bucket, songs first."""
    roots = {
        "songs": (source / "song_data").resolve(),
        "events": (source / "log_data").resolve(),
    }
    found = {}
    for file in list_source(S3(source=str(source))):
        path = Path(local_path(file.uri))
        below = path.relative_to(roots[file.dataset]).as_posix()
        found[f"app/{'song' if file.dataset == 'songs' else 'log'}_data/{below}"] = path
    return found


@contextlib.contextmanager
def _secluded() -> Iterator[None]:
    """Without the settings that lead to an account, a cluster or a warehouse of the user's."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(("AWS_", "SPARKIFY_")):
            del os.environ[name]
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _require_equal(redshift: Sequence[str], local: Sequence[str], what: str) -> None:
    """Raise RehearsalError at the first line that only one engine has."""
    if different := sorted(set(redshift) ^ set(local)):
        who = "Redshift" if different[0] in redshift else "DuckDB"
        raise RehearsalError(f"the engines differ, first at a {what} that only {who} has: {different[0]}")


def _walk(
    name: str, script: str, command: tuple[str, ...], folder: Path, environment: dict[str, str]
) -> Step:
    """Run one step: the script where this is a checkout, else the command that it stands for."""
    if script and (ROOT / script).is_file():
        skipped = {"launch_cluster": 2, "configure_cluster": 2, "delete_cluster": 2, "create_tables": 2}
        line = [str(ROOT / script), *command[skipped.get(Path(script).stem, 1) :]]
    else:
        line = ["-m", "sparkify.cli.main", *command]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, *line], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    step = Step(name, time.monotonic() - began, done.returncode, done.stdout, done.stderr)
    if step.code:
        said = (step.err.strip() or step.out.strip()).splitlines() or [f"exit code {step.code}"]
        what = "the engines differ, first at" if name == COMPARE else f"the rehearsal stopped at {name!r}:"
        raise RehearsalError(f"{what} {said[0 if name == COMPARE else -1]}")
    return step
