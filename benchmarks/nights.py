"""One more day on a long history: does a night's cost follow the new data, or everything that came before?

    python benchmarks/nights.py [--runs 3] [--days 3000] [--listeners 1000]

Loads 30, 300 and 3,000 days of one service, then times the night after each, from the start of the process
to its end, on a fresh copy of the warehouse; and the same day's log into an empty warehouse. Session ids
stray over the whole period, as real ones do, so no zone map flatters. Writes results/nights.json, .md and .svg.
"""

import argparse
import os
import shutil
import statistics
from pathlib import Path

from chart import bars
from process import Measured, machine, measure
from results import HERE, ours, save, simulate, today

SONGS = 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--days", type=int, default=3_000)
    parser.add_argument("--listeners", type=int, default=1_000)
    parser.add_argument("--work", type=Path, default=HERE / "scratch")
    options = parser.parse_args()
    work = options.work.resolve()
    music = simulate(
        work / f"nights-{options.listeners}x{options.days}",
        ("--listeners", options.listeners, "--days", options.days + 1, "--songs", SONGS),
    )
    logs = sorted((music / "log_data").rglob("*.json"))
    histories = [days for days in (30, 300, 3_000) if days <= options.days]
    folder = work / "nights"
    shutil.rmtree(folder, ignore_errors=True)

    last = histories[-1]
    nights = {days: _prepare(folder / str(days), music, logs[last - days : last]) for days in histories}
    alone = folder / "alone"
    _link(alone / "music", logs[last : last + 1], music)
    for source in nights.values():
        _link(source, logs[last : last + 1], music)
    found: dict[str, list[Measured]] = {
        "into an empty warehouse": [],
        **{f"after {d:,} days": [] for d in histories},
    }
    for number in range(options.runs):
        found["into an empty warehouse"].append(_time(alone, alone / "music", None))
        for days, source in nights.items():
            found[f"after {days:,} days"].append(_time(folder / str(days), source, folder / f"{days}.duckdb"))
        print(
            f"run {number + 1}: " + ", ".join(f"{name} {runs[-1].wall:.2f} s" for name, runs in found.items())
        )
    events = sum(1 for _ in logs[last].open())
    save("nights", _document(found, events, options), _table(found, events))
    (HERE / "results" / "nights.svg").write_text(_chart(found, events))


def _prepare(folder: Path, music: Path, logs: list[Path]) -> Path:
    """A source with this history, loaded into a warehouse that stays beside it as DAYS.duckdb."""
    source = folder / "music"
    _link(source, logs, music)
    shutil.copytree(music / "song_data", source / "song_data", copy_function=os.link)
    warehouse = folder.with_suffix(".duckdb")
    measure([ours(), "etl", "--source", source, "--warehouse", warehouse], folder, os.environ)
    return source


def _link(source: Path, logs: list[Path], music: Path) -> None:
    for log in logs:
        target = source / log.relative_to(music)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(log, target)


def _time(folder: Path, source: Path, history: Path | None) -> Measured:
    """A night from the start of its process to its end, on a copy of the history."""
    warehouse = folder / "night.duckdb"
    warehouse.unlink(missing_ok=True)
    if history:
        shutil.copyfile(history, warehouse)
    return measure([ours(), "etl", "--source", source, "--warehouse", warehouse], folder, os.environ)


def _document(
    found: dict[str, list[Measured]], events: int, options: argparse.Namespace
) -> dict[str, object]:
    return {
        "date": today(),
        "machine": machine(),
        "listeners": options.listeners,
        "events_of_the_night": events,
        "nights": {name: [vars(one) for one in runs] for name, runs in found.items()},
    }


def _chart(found: dict[str, list[Measured]], events: int) -> str:
    median = _medians(found)
    alone, *_ = median.values()
    return bars(
        f"One more day of {events:,} events, from the start of the process to its end, seconds",
        [(name, wall, f"{wall / alone:.2f} x", name.startswith("after")) for name, wall in median.items()],
        f"{machine()}, {today()}",
    )


def _medians(found: dict[str, list[Measured]]) -> dict[str, float]:
    return {name: statistics.median(one.wall for one in runs) for name, runs in found.items()}


def _table(found: dict[str, list[Measured]], events: int) -> str:
    median = _medians(found)
    first, second = list(median.values())[:2]
    out = [
        f"One more day of {events:,} events; medians of {len(next(iter(found.values())))} runs, "
        f"whole processes; {machine()}, {today()}.",
        "",
        "| | wall s | x an empty warehouse | x 30 days |",
        "|---|---:|---:|---:|",
        *(
            f"| {name} | {wall:.2f} | {wall / first:.2f} | {wall / second:.2f} |"
            for name, wall in median.items()
        ),
    ]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    main()
