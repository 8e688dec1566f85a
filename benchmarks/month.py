"""A month of nights: the same job each night, on a history that grows, by each tool as its users would run it.

    python benchmarks/month.py [--runs 1] [--history 300] [--events 3000000] [--only sparkify,duckdb_nightly]

The history is loaded first and not timed. Then come 30 nights, each with one more day of logs; and as it goes:
one day's file comes three nights late, one file is rewritten after it was loaded, and one has lines that are cut off.
After each night the peer's star is held against a count in plain Python of the files that lie there. Writes
results/month.json, .md and .svg.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from chart import bars
from process import Failed, Measured, machine, measure
from results import HERE, ours, save, simulate, today
from run import pinned, python

NIGHTS, SONGS = 30, 2_000
LATE, COMES = 11, 14
"""The file of this night comes with that one, and its own night has none."""
REWRITTEN, ON = 17, 19
"""The file of this night is rewritten on that one."""
CUT = 23
"""The file of this night has lines that are cut off."""
PEERS = {
    "sparkify": ("", "sparkify etl", True),
    "duckdb_nightly": ("duckdb", "DuckDB, new files only", True),
    "dbt_nightly": ("dbt", "dbt-duckdb, incremental", True),
    "dlt_nightly": ("dlt", "dlt, incremental merge", True),
    "duckdb_bare": ("duckdb", "DuckDB script, rebuilds", False),
    "polars_job": ("polars", "Polars, rebuilds", False),
    "dbt_job": ("dbt", "dbt-duckdb, rebuilds", False),
}
"""The file of its requirements, its name for people, and whether it keeps what it made for the next night."""

Plays = dict[tuple[int, int, str], tuple[str, str, str]]
"""Session, position and listener of a play: its song, artist and level."""


class Source:
    """The folder that the service writes into, night by night."""

    def __init__(self, folder: Path, music: Path, history: int) -> None:
        self.folder, self._history = folder, history
        self._logs = sorted((music / "log_data").rglob("*.json"))
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(music / "song_data", folder / "song_data", copy_function=os.link)
        self._music = music
        self._seen: dict[Path, tuple[int, Plays, set[str]]] = {}
        for log in self._logs[:history]:
            self._place(log)

    def night(self, number: int) -> None:
        """Let the files of this night come; the first is 1."""
        if number != LATE:
            self._place(self._log(number))
        if number == COMES:
            self._place(self._log(LATE))
        if number == ON:
            self._write(self._log(REWRITTEN), corrected)
        if number == CUT:
            self._write(self._log(CUT), cut_off)

    def truth(self) -> dict[str, Any]:
        """What the star holds if it is right: counted record by record, without any of the tools."""
        found: Plays = {}
        listeners: set[str] = set()
        for path in sorted((self.folder / "log_data").rglob("*.json")):
            written = path.stat().st_mtime_ns
            if path not in self._seen or self._seen[path][0] != written:
                self._seen[path] = (written, *read(path))
            found |= self._seen[path][1]
            listeners |= self._seen[path][2]
        plays = Counter((song, artist) for song, artist, _ in found.values())
        top = min(plays.items(), key=lambda one: (-one[1], one[0]))
        paid = sum(level == "paid" for _, _, level in found.values())
        return {
            "plays": len(found),
            "users": len(listeners),
            "paid": paid,
            "top_song": [*top[0], top[1]],
        }

    def _log(self, number: int) -> Path:
        return self._logs[self._history + number - 1]

    def _place(self, log: Path) -> None:
        target = self.folder / log.relative_to(self._music)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(log, target)  # its time is of now, as a file's that was just written

    def _write(self, log: Path, change: Any) -> None:
        target = self.folder / log.relative_to(self._music)
        lines = change(log.read_text(encoding="utf-8").splitlines())
        target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def corrected(lines: list[str]) -> list[str]:
    """A day exported again: every tenth record is gone, and who listened free has paid."""
    return [
        line.replace('"level":"free"', '"level":"paid"') for number, line in enumerate(lines) if number % 10
    ]


def cut_off(lines: list[str]) -> list[str]:
    """A day of which five lines broke off in the middle."""
    return [
        line[: len(line) // 2] if number % (len(lines) // 5) == 1 else line
        for number, line in enumerate(lines)
    ]


def read(path: Path) -> tuple[Plays, set[str]]:
    """The plays and the listeners of a file."""
    plays: Plays = {}
    listeners = set()
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue  # cut off: no tool can know what it was
        if event["userId"]:
            listeners.add(event["userId"])
        if event["page"] == "NextSong":
            key = event["sessionId"], event["itemInSession"], event["userId"]
            plays[key] = event["song"], event["artist"], event["level"]
    return plays, listeners


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=1, help="of the whole month")
    parser.add_argument("--history", type=int, default=300, help="days that are there before")
    parser.add_argument("--events", type=int, default=3_000_000, help="of history and month")
    parser.add_argument("--only", default="", help="names of peers, by commas")
    parser.add_argument("--work", type=Path, default=HERE / "scratch")
    options = parser.parse_args()
    work = options.work.resolve()
    music = simulate(
        work / f"month-{options.events}x{options.history}",
        ("--events", options.events, "--days", options.history + NIGHTS, "--songs", SONGS),
    )
    names = [name for name in PEERS if not options.only or name in options.only.split(",")]
    found: dict[str, list[list[Measured | None]]] = {name: [] for name in names}
    right: dict[str, list[list[bool]]] = {name: [] for name in names}
    for _ in range(options.runs):
        source = Source(work / "month", music, options.history)
        for name in names:
            shutil.rmtree(work / name, ignore_errors=True)
            if PEERS[name][2]:
                run(name, source.folder, work)
            found[name].append([])
            right[name].append([])
        for night in range(1, NIGHTS + 1):
            source.night(night)
            truth = source.truth()
            for name in names:
                measured = run(name, source.folder, work)
                found[name][-1].append(measured)
                right[name][-1].append(measured is not None and answer(name, work) == truth)
            print(f"night {night}: " + ", ".join(
                f"{name} {one[-1][-1].wall if one[-1][-1] else 0:.2f} s{'' if right[name][-1][-1] else ' WRONG'}"
                for name, one in found.items()
            ), flush=True)  # fmt: skip
    write(options, found, right)


def run(name: str, source: Path, work: Path) -> Measured | None:
    """One night of one peer, from the start of its process to its end; None if it failed."""
    requirements, _, keeps = PEERS[name]
    out = work / name
    if not keeps:
        shutil.rmtree(out, ignore_errors=True)
    out.mkdir(exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SPARKIFY_")} | {"SKIP_BAD": "1"}
    program = [python(requirements, work), HERE / "peers" / f"{name}.py"] if requirements else [ours()]
    if requirements:
        command = [*program, "load", source, out]
    else:
        warehouse = out / "sparkify.duckdb"
        command = [*program, "etl", "--source", source, "--warehouse", warehouse, "--changed", "reload"]
    try:
        return measure(command, out, environment)
    except Failed as failed:
        print(f"{name} failed: {failed}", flush=True)
        return None


def answer(name: str, work: Path) -> Any:
    """What a peer's star holds."""
    out = work / name
    program = [python("duckdb", work), HERE / "peers" / "star_answers.py"]
    said = subprocess.run([*program, out], capture_output=True, text=True, check=True)
    return json.loads(said.stdout)


def write(
    options: argparse.Namespace,
    found: dict[str, list[list[Measured | None]]],
    right: dict[str, list[list[bool]]],
) -> None:
    rows = []
    for name, months in found.items():
        totals = [sum(one.wall for one in nights if one) for nights in months]
        rows.append({
            "peer": name,
            "name": PEERS[name][1],
            "wall": statistics.median(totals),
            "cpu": statistics.median(sum(one.cpu for one in nights if one) for nights in months),
            "right": min(map(sum, right[name])),
            "wrong_nights": [number for number, is_right in enumerate(right[name][-1], start=1) if not is_right],
            "nights": [[vars(one) if one else None for one in nights] for nights in months],
            "versions": pinned(PEERS[name][0]) if PEERS[name][0] else [],
        })  # fmt: skip
    rows.sort(key=lambda row: (-row["right"], row["wall"]))
    document = {
        "date": today(), "machine": machine(), "events": options.events, "history": options.history,
        "nights": NIGHTS, "runs": options.runs, "rows": rows,
    }  # fmt: skip
    save("month", document, table(document))
    (HERE / "results" / "month.svg").write_text(draw(document))


def draw(document: dict[str, Any]) -> str:
    return bars(
        f"{NIGHTS} nights after {document['history']} days, {document['events']:,} events in all, seconds",
        [
            (row["name"], row["wall"], f"{row['right']} of {NIGHTS} right", row["peer"] == "sparkify")
            for row in document["rows"]
        ],
        f"{document['machine']}, {document['date']}",
    )


def table(document: dict[str, Any]) -> str:
    ours_wall = next((row["wall"] for row in document["rows"] if row["peer"] == "sparkify"), 0)
    out = [
        f"{NIGHTS} nights after {document['history']} days, {document['events']:,} events in all; whole processes, "
        f"sums of the nights; {document['runs']} run{'s' if document['runs'] > 1 else ''}; "
        f"{document['date']}; {document['machine']}.",
        "",
        "| | right after | wall s | CPU s | x sparkify | wrong on nights |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for row in document["rows"]:
        ratio = f"{row['wall'] / ours_wall:.1f}" if ours_wall else ""
        out.append(
            f"| {row['name']} | {row['right']} of {NIGHTS} | {row['wall']:.1f} | {row['cpu']:.1f} | {ratio} "
            f"| {spans(row['wrong_nights'])} |"
        )
    return "\n".join(out) + "\n"


def spans(numbers: list[int]) -> str:
    """Numbers in a row as first to last: 12 to 14, 20."""
    out: list[list[int]] = []
    for number in numbers:
        if out and number == out[-1][-1] + 1:
            out[-1][1:] = [number]
        else:
            out.append([number])
    return ", ".join(" to ".join(map(str, one)) for one in out)


if __name__ == "__main__":
    main()
