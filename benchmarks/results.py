"""What every benchmark here shares: our command, the data it runs on, and where its results lie."""

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def ours() -> Path:
    """The command that a user would type."""
    return Path(sys.executable).with_name("sparkify")


def simulate(source: Path, options: Sequence[str | int]) -> Path:
    """The service's files, made once."""
    if not source.exists():
        source.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([str(ours()), "simulate", str(source), *map(str, options)], check=True)
    return source


def today() -> str:
    """The day in UTC, which stands with every result."""
    return dt.datetime.now(dt.UTC).date().isoformat()


def save(name: str, document: Mapping[str, Any], table: str) -> None:
    """results/NAME.json and NAME.md."""
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    (folder / f"{name}.md").write_text(table)
    print(table)
