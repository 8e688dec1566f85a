"""All flows, walked on this machine: launch, configure, create tables, load, compare, delete.

The very scripts that a user runs are run, each in a process of its own, against the stand-in; what they
build is compared, row for row, with what DuckDB builds from the same files.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sparkify.errors import ConfigError, RehearsalError
from sparkify.simulate.service import Options, simulate

ROOT = Path(__file__).parent.parent
BUCKET = "rehearsed-music"
SOURCE = f"s3://{BUCKET}/app"
EVENTS, SONGS, DAYS, FAULTS = 20_000, 600, 14, 0.005
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
COMPARE = "compare every star table"
STEPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("launch", "cluster_setup/launch_cluster.py", ("cluster", "launch", "--yes", "--ttl", "1h")),
    ("configure", "cluster_setup/configure_cluster.py", ("cluster", "configure", "--cidr", "127.0.0.1")),
    ("create tables", "create_tables.py", ("tables", "create")),
    ("load", "etl.py", ("etl",)),
    ("load again", "etl.py", ("etl",)),
    ("check", "", ("check", "--format", "csv")),
    ("load the same on DuckDB", "", ("etl", "--warehouse", "local.duckdb")),
    (COMPARE, "", ("diff", "redshift", "local.duckdb", "--format", "table")),
    ("delete", "cluster_setup/delete_cluster.py", ("cluster", "delete", "--yes")),
)
"""Each step: its name, the script that does it, and the command that the script stands for."""


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
        return self.out if self.name in ("load", "load again", COMPARE) else ""


def rehearse(source: Path | None, say: Callable[[str], None]) -> Iterator[Step]:
    """Walk the steps, on the JSON files of `source` or on a service made up with faults.

    Raises RehearsalError at the first step that fails, ConfigError where a package or PostgreSQL is missing.
    """
    try:
        from sparkify.standin.postgres import PostgresMissing  # noqa: PLC0415
        from sparkify.standin.service import standing_in  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(f"a rehearsal needs {error.name}: pip install 'sparkify[rehearse]'.") from error
    with tempfile.TemporaryDirectory(prefix="sparkify-rehearsal-") as place:
        folder = Path(place)
        (folder / "dwg.cfg").write_text(SETTINGS)
        if source is None:
            say("inventing a service")
            source = folder / "music"
            simulate(source, Options(None, EVENTS, DAYS, SONGS, Options.start, 1, FAULTS), lambda _: None)
        say("starting the stand-in")
        try:
            with standing_in(seconds=0.5) as standin:
                environment = {**os.environ, **standin.environment}
                say(f"filling {SOURCE} from {source}")
                standin.fill(BUCKET, "app", source)
                for name, script, command in STEPS:
                    say(name)
                    yield _walk(name, script, command, folder, environment)
        except (PostgresMissing, ModuleNotFoundError) as error:
            raise ConfigError(f"{error} (pip install 'sparkify[rehearse]')") from error


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
