"""dbt-duckdb: seven models, run by its own command."""

import os
import subprocess
import sys
from pathlib import Path

from common import Answers, gather_songs, say

LACKS = "no rejects, no ledger, no lineage, no tests run; everything is rebuilt each time"
PROJECT = Path(__file__).parent / "dbt_project"


def load(source: Path, out: Path) -> None:
    gather_songs(source, out / "songs.json")
    environment = {
        **os.environ, "MUSIC_SOURCE": str(source), "MUSIC_OUT": str(out), "DBT_TARGET_PATH": str(out / "target"),
        "DBT_LOG_PATH": str(out / "logs"), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }  # fmt: skip
    command = [Path(sys.executable).parent / "dbt", "run", "--quiet", "--project-dir", PROJECT]
    subprocess.run([*command, "--profiles-dir", PROJECT], env=environment, check=True)


def answer(out: Path) -> Answers:
    import duckdb_bare

    (out / "dbt.duckdb").rename(out / "bare.duckdb")
    return duckdb_bare.answer(out)


if __name__ == "__main__":
    say(sys.argv, load, answer)
