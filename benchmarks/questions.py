"""Each heavy question against a query of the same meaning, written by hand for DuckDB alone.

    python benchmarks/questions.py --warehouse FILE [--runs 5] [--grow 12] [--work DIR]

`--grow` asks a copy that holds every play and listener so many times, each time as other sessions and other
listeners: what 8.6 million loaded plays answer is asked of 103 million without 57 GB of logs.

by_hand/NAME.sql answers what `sparkify ask NAME` answers over all days and levels. The two run in turn on
one connection; a pair whose answers differ in more than the order of equal rows is marked.
"""

import argparse
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import duckdb

from process import machine
from results import HERE, save, today
from sparkify.ask.questions import ask, find_question
from sparkify.engines.duckdb.engine import DuckDB

LIMIT = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--warehouse", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--grow", type=int, default=1)
    parser.add_argument("--work", type=Path, default=HERE / "scratch")
    options = parser.parse_args()
    warehouse = options.warehouse
    if options.grow > 1:
        warehouse = grow(warehouse, options.grow, options.work)
    engine = DuckDB(str(warehouse), read_only=True)
    by_hand = engine._connection  # the same database, asked past our dialect
    plays = engine.query("SELECT COUNT(*) AS n FROM songplay").scalar()
    rows = []
    for file in sorted((HERE / "by_hand").glob("*.sql")):
        question, sql = find_question(file.stem), file.read_text()
        ours, theirs = [], []
        for _ in range(options.runs):
            seconds, answer = _timed(lambda question=question: ask(engine, question, LIMIT).rows)
            ours.append(seconds)
            seconds, expected = _timed(lambda sql=sql: by_hand.execute(sql).fetchall())
            theirs.append(seconds)
        print(f"{file.stem}: {min(ours):.2f} s, by hand {min(theirs):.2f} s", flush=True)
        rows.append({
            "question": file.stem, "ours": statistics.median(ours), "by_hand": statistics.median(theirs),
            "same": _rounded(answer) == _rounded(expected),
        })  # fmt: skip
    engine.close()
    save(
        "questions",
        {"date": today(), "machine": machine(), "plays": plays, "copies": options.grow, "rows": rows},
        _table(rows, plays, options.grow),
    )


def grow(warehouse: Path, times: int, work: Path) -> Path:
    """A copy in `work` whose star holds every play and listener so many times."""
    grown = work / f"{warehouse.stem}-{times}x.duckdb"
    if grown.exists() and grown.stat().st_mtime > warehouse.stat().st_mtime:
        return grown
    work.mkdir(exist_ok=True)
    half = grown.with_suffix(".half")
    for file in (half, half.with_suffix(".half.wal")):
        file.unlink(missing_ok=True)
    shutil.copyfile(warehouse, half)
    with duckdb.connect(str(half)) as connection:
        sessions, users = connection.execute(
            "SELECT max(session_id) + 1, (SELECT max(user_id) + 1 FROM users) FROM songplay"
        ).fetchall()[0]
        connection.execute(
            "CREATE TEMP TABLE play AS FROM songplay; CREATE TEMP TABLE listener AS FROM users"
        )
        for number in range(1, times):
            values = {"s": number * sessions, "u": number * users}
            connection.execute(
                "INSERT INTO songplay SELECT * REPLACE (songplay_id + $s::BIGINT * 1000000 AS songplay_id, "
                "session_id + $s AS session_id, user_id + $u AS user_id) FROM play",
                values,
            )
            connection.execute(
                "INSERT INTO users SELECT * REPLACE (user_id + $u AS user_id, "
                "last_session_id + $s AS last_session_id) FROM listener",
                values,
            )
    return half.rename(grown)


def _timed(call: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = call()
    return time.perf_counter() - began, answer


def _rounded(rows: Any) -> list[tuple[Any, ...]]:
    return sorted(
        (tuple(round(float(v), 1) if isinstance(v, float | int) or type(v).__name__ == "Decimal" else v for v in row)
         for row in rows),
        key=repr,
    )  # fmt: skip


def _table(rows: list[dict[str, Any]], plays: int, copies: int) -> str:
    out = [
        f"Over {plays:,} plays{f', {plays // copies:,} loaded ones {copies} times over' if copies > 1 else ''}; "
        f"medians of interleaved runs; {machine()}, {today()}.",
        "",
        "| question | ours s | by hand s | ratio | |",
        "|---|---:|---:|---:|---|",
        *(
            f"| {row['question']} | {row['ours']:.3f} | {row['by_hand']:.3f} | {row['ours'] / row['by_hand']:.2f} "
            f"| {'' if row['same'] else '**other answers**'} |"
            for row in rows
        ),
    ]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    main()
