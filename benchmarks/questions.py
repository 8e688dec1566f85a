"""Each heavy question against a query of the same meaning, written by hand for DuckDB alone.

    python benchmarks/questions.py --warehouse FILE [--runs 5]

by_hand/NAME.sql answers what `sparkify ask NAME` answers over all days and levels. The two run in turn on
one connection; a pair whose answers differ in more than the order of equal rows is marked.
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

from process import machine
from results import HERE, save, today
from sparkify.ask.questions import ask, find_question
from sparkify.engines.duckdb import DuckDB

LIMIT = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--warehouse", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    engine = DuckDB(str(options.warehouse), read_only=True)
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
        rows.append({
            "question": file.stem, "ours": statistics.median(ours), "by_hand": statistics.median(theirs),
            "same": _rounded(answer) == _rounded(expected),
        })  # fmt: skip
    engine.close()
    save(
        "questions",
        {"date": today(), "machine": machine(), "plays": plays, "rows": rows},
        _table(rows, plays),
    )


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


def _table(rows: list[dict[str, Any]], plays: int) -> str:
    out = [
        f"Over {plays:,} plays; medians of interleaved runs.",
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
