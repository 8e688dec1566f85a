"""Is the advisor right about what moves? Predicted first, then measured on Spark, which really distributes.

    python benchmarks/distribution/prove.py [--slices 4] [--listeners 3000] [--only predict]

Simulates a service, loads it, and predicts for each question and design the bytes that go through an
exchange, with rows as Spark writes them (UnsafeRow). The prediction is written, with its date, before Spark
starts: results/distribution-predicted.json. Then the same questions run on the same rows under the same
designs, on as many worker processes as there are slices: results/distribution-measured.json, and both
side by side in results/distribution.md and .svg. A miss stays a miss.
"""

import argparse
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]
from compare import compare, draw, table

from process import machine
from results import HERE as BENCHMARKS
from results import ours, save, simulate
from run import python
from sparkify.distribution.advisor import Advisor, Design, advise, present, uniform
from sparkify.distribution.placement import Cluster, Profile, Style
from sparkify.distribution.sizes import UNSAFE_ROW
from sparkify.distribution.workload import EVER, forget, read_questions, read_workload
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.load.star import load_statements
from sparkify.sql import schema, statements

SPARK = Profile(UNSAFE_ROW, frozenset(["distribute"]), "written")
VALUES = {"since": EVER[0], "until": EVER[1], "level": None, "limit": 10, "run": None}
RESULTS = BENCHMARKS / "results"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--slices", type=int, default=4)
    parser.add_argument("--listeners", type=int, default=3_000)
    parser.add_argument("--only", choices=["predict"])
    parser.add_argument("--work", type=Path, default=BENCHMARKS / "scratch")
    options = parser.parse_args()
    music = simulate(
        options.work.resolve() / f"distribution-{options.listeners}", ("--listeners", options.listeners)
    )
    work = options.work.resolve() / "distribution"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    warehouse = music.with_suffix(".duckdb")
    if not warehouse.exists():
        subprocess.run(
            [str(ours()), "etl", "--source", str(music), "--warehouse", str(warehouse)], check=True
        )
    predicted = predict(warehouse, options.slices, work)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "distribution-predicted.json").write_text(json.dumps(predicted, indent=1) + "\n")
    if options.only:
        return
    (work / "job.json").write_text(json.dumps({
        "slices": options.slices, "designs": predicted["designs"], "questions": in_spark(),
    }))  # fmt: skip
    began = now()
    subprocess.run(
        [str(python("pyspark", options.work)), str(HERE / "spark_side.py"), str(work)],
        check=True,
        env=clean(),
    )
    measured = {"began": began, **json.loads((work / "measured.json").read_text())}
    (RESULTS / "distribution-measured.json").write_text(json.dumps(measured, indent=1) + "\n")
    document = compare(predicted, measured, machine())
    save("distribution", document, table(document))
    (RESULTS / "distribution.svg").write_text(draw(document))


def predict(warehouse: Path, slices: int, work: Path) -> dict[str, Any]:
    """What each question moves under each design; the rows are exported for Spark on the way."""
    engine = DuckDB(str(warehouse), read_only=True)
    workload = read_workload(engine, {}, load_statements(), read_questions(HERE / "questions"))
    cluster = Cluster(slices, slices)
    advisor = Advisor(engine, workload, cluster, profile=SPARK)
    advised = advise(Advisor(engine, workload, cluster).rank()).design
    designs = {name: {t: design[t] for t in schema.STAR} for name, design in chosen(advised).items()}
    asked = [item for item in workload.items if item.name in in_spark()]
    found = {
        f"{label}|{item.name}": moves(advisor, item, {**present(), **design})
        for label, design in designs.items()
        for item in asked
    }
    forget(engine, workload)
    (work / "rows").mkdir()
    for name in schema.STAR:
        engine.native(
            f"COPY (SELECT *, row_number() OVER () AS spread FROM {name}) TO '{work}/rows/{name}.parquet'"
        )
    plays = advisor.tables["songplay"].rows
    engine.close()
    return {
        "predicted_at": now(), "slices": slices, "plays": plays, "encoding": UNSAFE_ROW.name,
        "designs": {label: {t: str(style) for t, style in design.items()} for label, design in designs.items()},
        "predicted": found,
    }  # fmt: skip


def moves(advisor: Advisor, item: Any, design: Design) -> dict[str, Any]:
    """Bytes into exchanges, and those of them that leave their worker; broadcasts are no shuffles."""
    shuffled = [one for one in advisor.cost(item, design).moves if not one.label.startswith("DS_BCAST")]
    return {
        "sent": sum(one.sent.bytes for one in shuffled),
        "crossed": sum(one.crossed for one in shuffled),
        "steps": [f"{one.step}{one.label and f' {one.label}'}: {one.sent.bytes:.0f}" for one in shuffled],
    }


def chosen(advised: Design) -> dict[str, Design]:
    """The designs of the docs, and the one in which songs get the fact's key."""
    by_song = {**present(), "songplay": Style("KEY", "song_id"), "songs": Style("KEY", "song_id")}
    return {
        "present": present(), "EVEN": uniform("EVEN"), "ALL": uniform("ALL"), "by song": by_song,
        "advised": advised,
    }  # fmt: skip


def in_spark() -> dict[str, str]:
    """The questions about the star in Spark's dialect. Order is dropped: a leader merges, Spark would shuffle."""
    found = {}
    for one in [*statements("questions"), *read_questions(HERE / "questions")]:
        tree = sqlglot.parse_one(one.text, read="redshift")
        for node in list(tree.find_all(exp.Placeholder)):
            node.replace(exp.convert(VALUES[node.name]))
        if not {node.name for node in tree.find_all(exp.Table)} & {*schema.LEDGER, *schema.STAGING}:
            if not tree.args.get("limit"):
                tree.set("order", None)
            found[one.name] = tree.sql("spark")
    return found


def now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def clean() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SPARK", "PYSPARK", "PYTHONPATH"))
    }


if __name__ == "__main__":
    main()
