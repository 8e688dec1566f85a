"""What the seal costs: a first load and a night, with digests of every table and without.

    python benchmarks/seal.py [--runs 9] [--days 30] [--listeners 10000]

Each is a whole process, on the same files, in turn. Without means that rows are counted where a digest is
read, but not hashed, and that no entry is written. With a key each run compares all tables with the last seal before it does
anything. CPU seconds, since other work on the machine moves these least. Writes results/seal.json and .md.
"""

import argparse
import os
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any

from process import Measured, machine, measure
from results import HERE, save, simulate, today

WAYS = ("without", "sealed", "with a key")


def main() -> None:
    if sys.argv[1:2] == ["--as"]:
        run_as(sys.argv[2], sys.argv[3:])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--listeners", type=int, default=10_000)
    parser.add_argument("--work", type=Path, default=HERE / "scratch")
    options = parser.parse_args()
    work = options.work.resolve()
    music = simulate(
        work / f"seal-{options.listeners}x{options.days}",
        ("--listeners", options.listeners, "--days", options.days, "--songs", 2_000),
    )
    folder = work / "seal"
    shutil.rmtree(folder, ignore_errors=True)
    *history, night = sorted((music / "log_data").rglob("*.json"))
    shutil.copytree(music / "song_data", folder / "music" / "song_data", copy_function=os.link)
    _link(folder / "music", history, music)
    found: dict[str, dict[str, list[Measured]]] = {"first load": {}, "night": {}}
    for _ in range(options.runs):
        for way in WAYS:
            found["first load"].setdefault(way, []).append(_time(folder, way))
    for way in WAYS:
        _time(folder, way, keep=True)
    _link(folder / "music", [night], music)
    for _ in range(options.runs):
        for way in WAYS:
            found["night"].setdefault(way, []).append(_time(folder, way, after=True))
    counts = [sum(sum(1 for _ in log.open()) for log in logs) for logs in (history, [night])]
    document = {
        "date": today(), "machine": machine(), "events": counts,
        "runs": {what: {way: [vars(one) for one in runs] for way, runs in ways.items()}
                 for what, ways in found.items()},
    }  # fmt: skip
    save("seal", document, _table(found, counts, options.runs))


def run_as(way: str, arguments: list[str]) -> None:
    """Be `sparkify`, with or without digests."""
    from sparkify.cli import run
    from sparkify.ledger import digests, seal

    if way == "without":
        digests._select = _count
        seal.write = lambda *_: None
    if way == "with a key":
        os.environ["SPARKIFY_SEAL_KEY"] = "a long secret"
    sys.argv = ["sparkify", *arguments]
    run()


def _count(_: Any, table: str, rows: str = "", *__: object) -> str:
    """Rows alone: what is to be replaced is told by their number."""
    rows = rows or f"SELECT 1 FROM {table}"
    return f"SELECT '{table}' AS name, COUNT(*) AS n, 0 AS total FROM ({rows}) AS h"


def _link(source: Path, logs: list[Path], music: Path) -> None:
    for log in logs:
        target = source / log.relative_to(music)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(log, target)


def _time(folder: Path, way: str, *, keep: bool = False, after: bool = False) -> Measured:
    """A load in this way, into an empty warehouse, or `after` one that was kept."""
    warehouse, kept = folder / "w.duckdb", folder / f"{way}.duckdb"
    warehouse.unlink(missing_ok=True)
    if after:
        shutil.copyfile(kept, warehouse)
    command = [sys.executable, __file__, "--as", way, "etl", "--source", folder / "music"]
    found = measure([*command, "--warehouse", warehouse], folder, os.environ)
    if keep:
        warehouse.replace(kept)
    return found


def _table(found: dict[str, dict[str, list[Measured]]], events: list[int], runs: int) -> str:
    out = [
        f"CPU seconds of whole processes, medians of {runs}; {machine()}, {today()}.",
        "",
        f"| | {' | '.join(WAYS)} | the seal | the key |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for (what, ways), count in zip(found.items(), events, strict=True):
        bare, sealed, keyed = (statistics.median(one.cpu for one in ways[way]) for way in WAYS)
        out.append(
            f"| {what}, {count:,} events | {bare:.2f} | {sealed:.2f} | {keyed:.2f} "
            f"| {(sealed - bare) / sealed:.1%} | {(keyed - sealed) / keyed:.1%} |"
        )
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    main()
