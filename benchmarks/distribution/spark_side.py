"""The star on Spark, held as a design says, and what its shuffles move: run by prove.py in a venv of its own.

Each worker is a process on loopback. KEY is a table bucketed by that key, EVEN one bucketed by a number
that means nothing, ALL a table in one piece that every join broadcasts. Bytes come from Spark's own event
log: what its tasks wrote into shuffles, and what they read of it from other processes.
"""

import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession


def start(work: Path, slices: int) -> SparkSession:
    settings = {
        "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "1g", "spark.executor.memory": "512m", "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": slices, "spark.default.parallelism": slices,
        "spark.sql.session.timeZone": "UTC", "spark.sql.warehouse.dir": str(work / "tables"),
        # Bytes as the rows are, one plan for all, and no way but the one that is predicted.
        "spark.shuffle.compress": "false", "spark.sql.adaptive.enabled": "false",
        "spark.sql.autoBroadcastJoinThreshold": "-1", "spark.sql.sources.bucketing.autoBucketedScan.enabled": "false",
        "spark.shuffle.reduceLocality.enabled": "false", "spark.locality.wait": "0", "spark.sql.ansi.enabled": "false",
        "spark.eventLog.enabled": "true", "spark.eventLog.dir": (work / "events").as_uri(),
        "spark.eventLog.compress": "false", "spark.eventLog.rolling.enabled": "false",
    }  # fmt: skip
    (work / "events").mkdir(parents=True, exist_ok=True)
    builder = SparkSession.builder.master(f"local-cluster[{slices},1,512]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    while session._jsc.sc().getExecutorMemoryStatus().size() <= slices:  # the driver is one of them
        time.sleep(0.2)
    return session


def hold(session: SparkSession, rows: Path, table: str, style: str, slices: int) -> DataFrame:
    """The table under a style, made once; its own columns only."""
    name = f"{table}_{''.join(c if c.isalnum() else '_' for c in style)}".lower()
    frame = session.read.parquet(str(rows / f"{table}.parquet"))
    if not session.catalog.tableExists(name):
        if style == "ALL":
            frame.coalesce(1).write.saveAsTable(name)
        else:
            key = style[4:-1] if style.startswith("KEY") else "spread"
            frame.repartition(slices, key).write.bucketBy(slices, key).saveAsTable(name)
    found = session.table(name).drop("spread")
    return found.coalesce(1).hint("broadcast") if style == "ALL" else found


def ask(session: SparkSession, job: dict[str, Any], rows: Path) -> dict[str, str]:
    """Run every question under every design; what each plan exchanges."""
    plans = {}
    for label, design in job["designs"].items():
        for table, style in design.items():
            hold(session, rows, table, style, job["slices"]).createOrReplaceTempView(table)
        for name, sql in job["questions"].items():
            session.sparkContext.setJobGroup(f"{label}|{name}", name)
            frame = session.sql(sql)
            frame.collect()
            plan = frame._jdf.queryExecution().executedPlan().toString()
            plans[f"{label}|{name}"] = [
                line.strip(" +-:*()0123456789") for line in plan.splitlines() if "Exchange" in line
            ]
        session.sparkContext.setJobGroup("", "")
        print(f"{label}: {len(job['questions'])} questions", flush=True)
    return plans


def moved(events: Path) -> dict[str, dict[str, int]]:
    """Bytes by job group, from the log of the session that has ended."""
    group_of: dict[int, str] = {}
    found: dict[str, dict[str, int]] = defaultdict(lambda: {"written": 0, "remote": 0, "local": 0})
    for file in events.iterdir():
        for line in file.read_text().splitlines():
            event = json.loads(line)
            if event["Event"] == "SparkListenerJobStart":
                group = (event.get("Properties") or {}).get("spark.jobGroup.id", "")
                group_of |= dict.fromkeys(event["Stage IDs"], group)
            elif event["Event"] == "SparkListenerTaskEnd" and "Task Metrics" in event:
                metrics = event["Task Metrics"]
                sums = found[group_of.get(event["Stage ID"], "")]
                sums["written"] += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
                sums["remote"] += metrics["Shuffle Read Metrics"]["Remote Bytes Read"]
                sums["local"] += metrics["Shuffle Read Metrics"]["Local Bytes Read"]
    return found


def main(work: Path) -> None:
    job = json.loads((work / "job.json").read_text())
    session = start(work, job["slices"])
    version = session.version
    plans = ask(session, job, work / "rows")
    session.stop()
    measured = moved(work / "events")
    out = {
        key: {**measured.get(key, {"written": 0, "remote": 0, "local": 0}), "exchanges": plans[key]}
        for key in plans
    }
    (work / "measured.json").write_text(json.dumps({"spark": version, "measured": out}, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
