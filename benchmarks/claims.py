"""The smaller promises about speed, one line each, every one a ratio or a time anybody can measure again.

    python benchmarks/claims.py [--only small,bad,start,simulator,s3,page] [--runs 3] [--files 385000]

    small      15,000 song files against the same bytes in one file; and very many files at all
    bad        1,000,000 events with one bad record in a thousand, in one log of thirty and in all
    start      `--help`; nothing to do on 300 known logs, and on all those song files
    simulator  events a second and peak memory; song files against writing the same bytes bare
    page       `report` over ten million plays, as it is and with --check
    s3         a load from a bucket against reading the bucket's bytes alone (the server runs here too)

Writes results/claims.json and .md; what is not measured again stands as it was.
"""

import argparse
import json
import os
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from process import Measured, machine, measure
from results import HERE, ours, save, simulate, today

Row = tuple[str, str, float, str]
"""What is measured, in which unit, how much, and beside which promise."""


def small(work: Path, options: argparse.Namespace) -> list[Row]:
    music = simulate(work / "claims-songs", ("--listeners", 1, "--days", 1, "--songs", 15_000))
    many, one = work / "claims-many", work / "claims-one"
    _fresh(many, one)
    shutil.copytree(music / "song_data", many / "song_data", copy_function=os.link)
    (one / "song_data").mkdir(parents=True)
    with (one / "song_data" / "songs.json").open("wb") as out:
        for file in (music / "song_data").rglob("*.json"):
            out.write(file.read_bytes() + b"\n")
    walls = _interleaved(options.runs, {"many": lambda: _etl(work, many), "one": lambda: _etl(work, one)})
    masses = simulate(
        work / f"claims-{options.files}", ("--listeners", 1, "--days", 1, "--songs", options.files)
    )
    mass = _etl(work, masses)
    return [
        ("15,000 song files / the same bytes in one file", "x", walls["many"] / walls["one"], "at most 3"),
        (f"{options.files:,} song files", "s", mass.wall, "completes"),
        (f"{options.files:,} song files, peak memory", "MB", mass.peak_mb, ""),
    ]


def bad(work: Path, options: argparse.Namespace) -> list[Row]:
    music = simulate(work / "claims-1m", ("--events", 1_000_000, "--songs", 100))
    one, every = work / "claims-bad-one", work / "claims-bad-all"
    _fresh(one, every)
    logs = sorted((music / "log_data").rglob("*.json"))
    planted = {one: _spoil(music, one, logs[7:8]), every: _spoil(music, every, logs)}
    walls = _interleaved(
        options.runs,
        {
            "clean": lambda: _etl(work, music),
            **{str(f): lambda f=f: _etl(work, f, planted[f]) for f in planted},
        },
    )
    return [
        (
            "0.1 % bad records in one log of thirty / none",
            "x",
            walls[str(one)] / walls["clean"],
            "at most 1.3",
        ),
        ("0.1 % bad records in all logs / none", "x", walls[str(every)] / walls["clean"], "at most 2"),
    ]


def start(work: Path, options: argparse.Namespace) -> list[Row]:
    logs = simulate(work / "claims-300", ("--listeners", 100, "--days", 300, "--songs", 10))
    songs = simulate(
        work / f"claims-{options.files}", ("--listeners", 1, "--days", 1, "--songs", options.files)
    )
    for name, source in (("300", logs), ("many", songs)):
        _etl(work, source, keep=work / f"claims-{name}.duckdb")
    walls = _interleaved(options.runs, {
        "help": lambda: measure([ours(), "--help"], work, os.environ),
        "300": lambda: _etl(work, logs, keep=work / "claims-300.duckdb", again=True),
        "many": lambda: _etl(work, songs, keep=work / "claims-many.duckdb", again=True),
    })  # fmt: skip
    return [
        ("sparkify --help", "s", walls["help"], "0.2"),
        ("nothing to do on 300 known logs", "s", walls["300"], "0.5"),
        (f"nothing to do on {options.files:,} known song files", "s", walls["many"], "5"),
    ]


def simulator(work: Path, options: argparse.Namespace) -> list[Row]:
    def make(*wanted: str | int) -> Measured:
        target = work / "claims-simulated"
        _fresh(target)
        return measure([ours(), "simulate", target, *map(str, wanted)], work, os.environ)

    rows: list[Row] = []
    for events in (1_000_000, 10_000_000):
        found = [
            make("--events", events, "--songs", 1, "--days", events // 33_333) for _ in range(options.runs)
        ]
        rate = events / statistics.median(one.wall for one in found)
        rows += [
            (f"simulate {events:,} events", "events/s", rate, "at least 300,000"),
            (f"simulate {events:,} events, peak memory", "MB", max(one.peak_mb for one in found), "constant"),
        ]
    songs = statistics.median(
        make("--listeners", 1, "--days", 1, "--songs", 100_000).wall for _ in range(options.runs)
    )
    bodies = {file: file.read_bytes() for file in (work / "claims-simulated" / "song_data").rglob("*.json")}
    _fresh(work / "claims-simulated")
    began = time.monotonic()
    for file, body in bodies.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    bare = time.monotonic() - began
    _fresh(work / "claims-simulated")
    return [
        *rows,
        ("100,000 song files / writing the same files bare", "x", songs / bare, "the file system's speed"),
    ]


def s3(work: Path, options: argparse.Namespace) -> list[Row]:
    from sparkify.emulator.service import Emulator
    from sparkify.source.store import fetch, list_bucket

    music = simulate(work / "claims-s3", ("--events", 300_000, "--songs", 500))
    emulator = Emulator()
    try:
        os.environ.update(emulator.environment)
        import boto3

        boto3.client("s3").create_bucket(
            Bucket="bench", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
        )
        for name in ("song_data", "log_data"):
            for file in (music / name).rglob("*.json"):
                emulator.account.put("bench", file.relative_to(music).as_posix(), file.read_bytes())

        def raw() -> Measured:
            began = time.monotonic()
            target = work / "claims-fetched"
            _fresh(target)
            target.mkdir()
            fetch(list(list_bucket("s3://bench/")), target)
            return Measured(time.monotonic() - began, 0, 0)

        walls = _interleaved(options.runs, {"raw": raw, "etl": lambda: _etl(work, Path("s3://bench"))})
    finally:
        emulator.close()
    return [
        ("a load from S3 / reading the same objects alone", "x", walls["etl"] / walls["raw"], "at most 1.3")
    ]


def page(work: Path, options: argparse.Namespace) -> list[Row]:
    music = simulate(work / "claims-page", ("--events", 11_700_000, "--songs", 100_000, "--days", 300))
    _etl(work, music)
    out = work / "claims-page.html"
    command = [ours(), "report", "--warehouse", work / "claims.duckdb", "--out", out]
    walls = _interleaved(
        options.runs,
        {
            "page": lambda: measure(command, work, os.environ),
            "check": lambda: measure([*command, "--check"], work, os.environ),
        },
    )
    return [
        ("report over ten million plays", "s", walls["page"], "10"),
        ("the same with --check", "s", walls["check"], ""),
        ("its page", "MB", out.stat().st_size / 1e6, "7"),
    ]


CLAIMS: dict[str, Callable[[Path, argparse.Namespace], list[Row]]] = {
    "small": small, "bad": bad, "start": start, "simulator": simulator, "s3": s3, "page": page,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", default=",".join(CLAIMS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--files", type=int, default=385_000)
    parser.add_argument("--work", type=Path, default=HERE / "scratch")
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(exist_ok=True)
    known = HERE / "results" / "claims.json"
    found: dict[str, Any] = json.loads(known.read_text())["claims"] if known.exists() else {}
    for name in options.only.split(","):
        rows = CLAIMS[name](work, options)
        found[name] = {"date": today(), "machine": machine(), "runs": options.runs, "rows": rows}
    save("claims", {"claims": found}, _table(found))


def _etl(
    work: Path, source: Path | str, planted: Path | None = None, keep: Path | None = None, again: bool = False
) -> Measured:
    """One whole load; `planted` lists what must be rejected, by file and line."""
    warehouse = keep or work / "claims.duckdb"
    if not again:
        warehouse.unlink(missing_ok=True)
    uri = str(source).replace("s3:/bench", "s3://bench")
    command = [ours(), "etl", "--source", uri, "--warehouse", warehouse, "--max-rejects", "1%"]
    measured = measure(command, work, os.environ)
    if planted:
        sql = (
            "SELECT f.uri, r.record FROM etl_reject AS r JOIN etl_file AS f ON f.file_id = r.file_id "
            "ORDER BY f.uri, r.record"
        )
        query = [ours(), "query", sql, "--warehouse", warehouse, "--format", "json"]
        measure(query, work, os.environ)
        rejected = [[row["uri"], row["record"]] for row in json.loads((work / "output.txt").read_text())]
        assert rejected == json.loads(planted.read_text()), "others were rejected than were planted"
    return measured


def _spoil(music: Path, target: Path, logs: list[Path]) -> Path:
    """A copy in which every thousandth line of these logs is broken, in five ways in turn; where, as JSON."""
    breaks: tuple[Callable[[bytes], bytes], ...] = (
        lambda line: line[:40],
        lambda line: line.replace(b'"ts":', b'"ts":7.'),
        lambda line: line.replace(b'"status":200', b'"status":true').replace(
            b'"status":307', b'"status":true'
        ),
        lambda line: line.replace(b'"page":"', b'"pages":"'),
        lambda line: line.replace(b'"userId":"', b'"userId":"x'),
    )
    shutil.copytree(music, target, copy_function=os.link)
    places = []
    for log in logs:
        file = target / log.relative_to(music)
        lines = log.read_bytes().split(b"\n")
        for number, at in enumerate(range(500, len(lines), 1000)):
            spoiled = breaks[number % 5](lines[at])
            if spoiled != lines[at]:
                lines[at] = spoiled
                places.append([str(file), at + 1])
        file.unlink()
        file.write_bytes(b"\n".join(lines))
    note = target.with_suffix(".json")
    note.write_text(json.dumps(places))
    return note


def _interleaved(runs: int, jobs: dict[str, Callable[[], Measured]]) -> dict[str, float]:
    """The median wall seconds of each."""
    found: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(runs):
        for name, job in jobs.items():
            found[name].append(job().wall)
    return {name: statistics.median(walls) for name, walls in found.items()}


def _fresh(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _table(found: dict[str, Any]) -> str:
    out = ["| | measured | promised | on |", "|---|---:|---|---|"]
    for claim in found.values():
        for what, unit, value, promise in claim["rows"]:
            shown = f"{value:,.0f}" if unit in ("MB", "events/s") else f"{value:.2f}"
            out.append(f"| {what} | {shown} {unit} | {promise} | {claim['date']}, {claim['machine']} |")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    main()
