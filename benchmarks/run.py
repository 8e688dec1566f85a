"""Side by side with what else a user could pick: the same files, each in its own process and venv.

    python benchmarks/run.py --size 1m --runs 3 [--only duckdb_bare,polars_job]

Simulates the data, runs every peer `runs` times, interleaved, checks that the answers agree, and writes
results/SIZE.json with a table (SIZE.md) and a chart (SIZE.svg).
"""

import argparse
import importlib.metadata
import json
import os
import shutil
import statistics
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chart import draw, table
from process import Failed, Measured, machine, measure
from results import HERE, ours, save, simulate, today

SIZES = {"100k": 100_000, "1m": 1_000_000, "10m": 10_000_000, "100m": 100_000_000}
SONGS = {"100k": 2_000, "1m": 15_000, "10m": 100_000, "100m": 100_000}
DAYS = {"100k": 30, "1m": 30, "10m": 300, "100m": 3_000}
MOST_WARM = 10_000_000
"""Events whose files fit into the memory of a small machine beside those who read them."""
PEERS: dict[str, tuple[str, str]] = {
    "floor": ("duckdb", "reading alone (floor)"),
    "sparkify": ("", "sparkify etl"),
    "duckdb_bare": ("duckdb", "bare DuckDB script"),
    "polars_job": ("polars", "Polars by hand"),
    "dbt_job": ("dbt", "dbt-duckdb"),
    "pandas_job": ("pandas", "pandas, vectorised"),
    "pyspark_job": ("pyspark", "PySpark local[2]"),
    "dlt_job": ("dlt", "dlt"),
    "postgres_rows": ("postgres", "PostgreSQL, row by row"),
}
"""Each peer: the file of its requirements, and its name for people."""
SLOW = {"1m": {"postgres_rows"}, "10m": {"postgres_rows", "dlt_job", "pandas_job"},
        "100m": {"postgres_rows", "dlt_job", "pandas_job", "pyspark_job", "polars_job", "dbt_job"}}  # fmt: skip
"""What would take hours, or more memory than there is: it is shown at smaller sizes."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="100k")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="", help="names of peers, by commas")
    parser.add_argument(
        "--work", type=Path, default=HERE / "scratch", help="where data and results of runs lie"
    )
    options = parser.parse_args()
    names = [name for name in PEERS if name not in SLOW.get(options.size, ())]
    if options.only:
        names = [name for name in PEERS if name in options.only.split(",")]
    options.work = options.work.resolve()
    options.work.mkdir(exist_ok=True)
    source = simulate(
        options.work / f"music-{options.size}",
        ("--events", SIZES[options.size], "--songs", SONGS[options.size], "--days", DAYS[options.size]),
    )
    found: dict[str, list[Measured]] = {name: [] for name in names}
    answers: dict[str, Any] = {}
    for number in range(options.runs):
        for name in list(found):
            if SIZES[options.size] <= MOST_WARM:
                warm(source)
            try:
                measured, answers[name] = run(name, source, options.work)
            except Failed as failed:
                print(f"{name} failed: {failed}", file=sys.stderr)
                del found[name]
                continue
            found[name].append(measured)
            print(f"run {number + 1}  {name:14} {measured.wall:8.2f} s  {measured.peak_mb:6,} MB", flush=True)
    write(options.size, found, answers)


def warm(source: Path) -> None:
    """Read every file once: no peer pays for the memory that the one before it took from the system."""
    for path in source.rglob("*.json"):
        with path.open("rb") as file:
            while file.read(8 << 20):
                pass


def run(name: str, source: Path, work: Path) -> tuple[Measured, Any]:
    """One load by one peer, from the start of its process to its end, and then its answers."""
    out = work / name
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SPARKIFY_")}
    if name == "sparkify":
        command = [ours(), "etl", "--source", source, "--warehouse", out / "sparkify.duckdb"]
        return measure(command, out, environment), our_answers(out)
    program = [python(PEERS[name][0], work), HERE / "peers" / f"{name}.py"]
    with server(work) if name == "postgres_rows" else nullcontext():
        measured = measure([*program, "load", source, out], out, environment)
        answered = subprocess.run(
            [*program, "answer", out], capture_output=True, text=True, check=True, env=environment
        )
    return measured, json.loads(answered.stdout.splitlines()[-1])


@contextmanager
def server(work: Path) -> Iterator[None]:
    """A PostgreSQL of its own for one run; its time counts on the wall, not among the CPU seconds."""
    from sparkify.emulator.postgres import PORT, SUPERUSER, Postgres

    postgres = Postgres()
    try:
        host = Path(postgres.socket).parent
        (work / "postgres.dsn").write_text(f"host={host} port={PORT} user={SUPERUSER} dbname=postgres")
        yield
    finally:
        postgres.stop()


def our_answers(out: Path) -> Any:
    """The three answers, asked as a user would."""

    def ask(sql: str) -> list[list[Any]]:
        command = [ours(), "query", sql, "--warehouse", out / "sparkify.duckdb", "--format", "json"]
        printed = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout
        return [list(row.values()) for row in json.loads(printed)]

    counts = ask("SELECT (SELECT COUNT(*) FROM songplay) AS p, (SELECT COUNT(*) FROM users) AS u")[0]
    top = ask(
        "SELECT title, artist_name, COUNT(*) AS plays FROM songplay GROUP BY ALL ORDER BY 3 DESC, 1, 2 LIMIT 1"
    )[0]
    return {"plays": counts[0], "users": counts[1], "top_song": top}


def python(requirements: str, work: Path) -> Path:
    """The Python of a venv that holds this peer's packages and nothing else."""
    folder = work / "venvs" / requirements
    program = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        file = HERE / "requirements" / f"{requirements}.txt"
        pip = [program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", file]
        subprocess.run(list(map(str, pip)), check=True)
        (folder / "ready").touch()
    return program


def write(size: str, found: dict[str, list[Measured]], answers: dict[str, Any]) -> None:
    """The results as JSON, as a table and as a chart; a peer whose answers differ is marked."""
    right = answers.get("sparkify")
    rows = []
    for name, runs in found.items():
        if not runs:
            continue
        rows.append({
            "peer": name,
            "name": PEERS[name][1],
            "runs": [asdict(one) for one in runs],
            "wall": statistics.median(one.wall for one in runs),
            "cpu": statistics.median(one.cpu for one in runs),
            "peak_mb": statistics.median(one.peak_mb for one in runs),
            "answers": answers.get(name),
            "agrees": name == "floor" or right is None or answers.get(name) == right,
            "lacks": lacks(name),
        })  # fmt: skip
    document = {
        "size": size,
        "events": SIZES[size],
        "songs": SONGS[size],
        "date": today(),
        "machine": machine(),
        "python": sys.version.split()[0],
        "duckdb": importlib.metadata.version("duckdb"),
        "versions": {name: pinned(PEERS[name][0]) for name in found if PEERS[name][0]},
        "rows": rows,
    }
    save(size, document, table(document))
    (HERE / "results" / f"{size}.svg").write_text(draw(document))


def pinned(requirements: str) -> list[str]:
    """The packages that a peer ran with."""
    lines = (HERE / "requirements" / f"{requirements}.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def lacks(name: str) -> str:
    """What a peer does not do, in its own file's words."""
    if name == "sparkify":
        return ""
    for line in (HERE / "peers" / f"{name}.py").read_text().splitlines():
        if line.startswith("LACKS = "):
            return line.partition('"')[2].rpartition('"')[0]
    return ""


if __name__ == "__main__":
    main()
