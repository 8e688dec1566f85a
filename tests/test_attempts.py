"""A run that is not published leaves a row all the same: refused, failed, interrupted or killed, and why."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from sparkify.ask.report import gather
from sparkify.engines.base import Engine
from sparkify.errors import ConfigError, QueryError, SparkifyError, WarehouseError
from sparkify.ledger import attempts
from sparkify.ledger.digests import Changes
from sparkify.load import publish as publishing
from sparkify.load.feed import Feed
from sparkify.load.publish import Outcome, publish
from sparkify.load.undo import undo
from tests.builders import Noting, Run, Source, etl, play, rows
from tests.clusters import Cluster
from tests.test_accounting import NOW
from tests.test_processes import finish, start

ATTEMPTS = "SELECT command, after_run, outcome, reason FROM etl_attempt ORDER BY started_at, reason"


def test_a_refused_run_leaves_its_reason_and_no_number(warehouse: Engine, source: Source) -> None:
    source.log(play(0))
    assert etl(warehouse, source.folder).run_id == 1
    source.log("{broken", "[]", *(play(item, sessionId=2) for item in range(9)), day="2018-11-02")

    with pytest.raises(SparkifyError):
        etl(warehouse, source.folder, max_rejects="0")
    with pytest.raises(ConfigError):
        undo(warehouse, 9, Noting())
    source.log({**play(0), "odd": 1}, day="2018-11-02")
    with pytest.raises(SparkifyError, match="--strict"):
        etl(warehouse, source.folder, feed=Feed(is_strict=True))

    found = rows(warehouse, ATTEMPTS)
    assert [row[:3] for row in sorted(found)] == [("etl", 1, "refused")] * 2 + [("undo", 1, "refused")]
    reasons = "\n".join(row[3] for row in found)
    assert "2 of 11 records were rejected" in reasons
    assert "there is no run 9" in reasons
    assert "unknown key in 1 record" in reasons
    assert etl(warehouse, source.folder).run_id == 2
    assert rows(warehouse, ATTEMPTS) == found
    assert etl(warehouse, source.folder).run_id is None
    assert rows(warehouse, ATTEMPTS) == found


def test_what_failed_and_what_was_interrupted_are_told_apart(warehouse: Engine) -> None:
    for error in (
        QueryError('no column "Lily" in x'), QueryError("Binder Error: 'O'Hara'"), RuntimeError("Lily"),
        KeyboardInterrupt(),
    ):  # fmt: skip

        def work(_: int, __: Changes, error: BaseException = error) -> Outcome:
            warehouse.execute("DELETE FROM etl_version")
            raise error

        with pytest.raises(type(error)):
            publish(warehouse, "etl", work, Noting())

    assert sorted(row[2:] for row in rows(warehouse, ATTEMPTS)) == [
        ("failed", "Binder Error. What it said is not kept."),
        ("failed", "RuntimeError"),
        ("failed", "the database refused a statement. What it said is not kept."),
        ("interrupted", attempts.INTERRUPTED),
    ]
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM etl_version") == [(1,)]


def test_a_failed_check_is_named_without_the_rows_that_it_found(warehouse: Engine, source: Source) -> None:
    for day in (1, 2):
        source.log(play(0, sessionId=day, userId=str(day)), day=f"2018-11-0{day}")
        etl(warehouse, source.folder)
    warehouse.execute("UPDATE users SET first_name = 'Mallory' WHERE user_id = 1")

    with pytest.raises(SparkifyError, match="user_id 1, last_ts"):
        undo(warehouse, 2, Noting())

    [(_, _, outcome, reason)] = rows(warehouse, ATTEMPTS)
    assert outcome == "refused"
    assert "checks failed, nothing was published: " in reason
    assert reason.endswith("users_have_source.")


def test_a_killed_run_is_seen_by_the_next_one_that_writes(warehouse: Engine, source: Source) -> None:
    source.log(play(0))
    attempts.begin(warehouse, attempts.new_attempt("rebuild"))
    warehouse.execute("UPDATE etl_attempt SET started_at = TIMESTAMP '2018-11-01 00:00:00'")
    assert [row[2] for row in rows(warehouse, ATTEMPTS)] == ["started"]

    etl(warehouse, source.folder)

    assert rows(warehouse, ATTEMPTS) == [("rebuild", 0, "killed", attempts.KILLED)]


def test_whoever_waits_for_the_lock_of_a_cluster_is_not_taken_for_dead(cluster: Cluster) -> None:
    from sparkify.load.tables import create_tables

    engine = cluster.connect("waiting", wait=30)
    create_tables(engine)
    waiting, other = attempts.new_attempt("etl"), attempts.new_attempt("etl")
    attempts.begin(engine, waiting)
    attempts.begin(engine, other)
    assert rows(engine, "SELECT DISTINCT outcome FROM etl_attempt") == [("started",)]

    engine.execute("UPDATE etl_attempt SET outcome = 'killed'")
    with engine.transaction(lock="etl_lock"):
        attempts.clear(engine, waiting)

    assert rows(engine, "SELECT attempt_id FROM etl_attempt") == [(other.attempt_id,)]
    engine.close()


def test_a_source_that_cannot_be_read_leaves_a_row_in_runs(loaded: Run, tmp_path: Path) -> None:
    assert loaded("etl", "--source", "nowhere").returncode == 2
    (tmp_path / "music/log_data/2018/11/2018-11-02-events.json").write_text("[]\n" * 20)
    assert loaded("etl", "--source", "music").returncode == 1

    shown = json.loads(loaded("runs", "--format", "json").stdout)

    assert [(run["run_id"], run["outcome"]) for run in shown] == [
        (None, "refused"), (None, "refused"), (1, "published"),
    ]  # fmt: skip
    assert {"nowhere is not a directory" in run["reason"] for run in shown[:2]} == {True, False}
    assert "all 20 records were rejected" in loaded("runs").stdout
    before = (tmp_path / "sparkify.duckdb").read_bytes()
    assert loaded("plan", "--source", "nowhere").returncode == 2
    assert loaded("check").returncode == 0
    assert (tmp_path / "sparkify.duckdb").read_bytes() == before


def test_no_warehouse_is_made_to_say_that_there_was_nothing_to_load(run: Run, tmp_path: Path) -> None:
    assert run("etl", "--source", "nowhere").returncode == 2
    assert list(tmp_path.glob("sparkify.duckdb*")) == []


def test_a_process_that_was_killed_is_in_runs(loaded: Run, source: Source, tmp_path: Path) -> None:
    for day in range(2, 20):
        source.log(*(play(item, sessionId=day) for item in range(3000)), day=f"2018-11-{day:02}")
    process = start("etl", "--source", "music", cwd=tmp_path)
    assert process.stderr is not None
    while "reading events" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGKILL)
    assert finish(process)[0] == -signal.SIGKILL

    assert [run["outcome"] for run in json.loads(loaded("runs", "--format", "json").stdout)] == [
        "started", "published",
    ]  # fmt: skip
    assert loaded("etl", "--source", "music").returncode == 0

    shown: list[dict[str, Any]] = json.loads(loaded("runs", "--format", "json").stdout)
    assert [(run["run_id"], run["outcome"], run["reason"]) for run in shown] == [
        (2, "published", None),
        (None, "killed", attempts.KILLED),
        (1, "published", None),
    ]


def test_the_page_shows_what_was_refused(warehouse: Engine, source: Source) -> None:
    source.log(play(0))
    etl(warehouse, source.folder)
    source.log({**play(0), "odd": 1}, day="2018-11-02")
    with pytest.raises(SparkifyError):
        etl(warehouse, source.folder, feed=Feed(is_strict=True))

    trust = gather(warehouse, lambda: [], NOW)["trust"]

    assert [(one["run"], one["outcome"]) for one in trust["runs"]] == [(None, "refused"), (1, "published")]
    assert "unknown key in 1 record" in trust["runs"][0]["reason"]
    assert trust["runs_title"].startswith("1 run published")


def test_a_run_whose_end_could_not_be_written_is_one_attempt_when_it_can(
    warehouse: Engine, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full takes no row; the command line tries again once the warehouse is open again."""
    source.log(play(0))
    full = WarehouseError("The disk is full: free some space and run again. Nothing was published.")

    def fails(*_: object) -> None:
        raise full

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "add_run", fails)
        patch.setattr(attempts, "_close", fails)
        with pytest.raises(WarehouseError) as failed:
            etl(warehouse, source.folder)

    attempts.record(warehouse, "etl", failed.value)

    assert rows(warehouse, ATTEMPTS) == [("etl", 0, "failed", str(full))]


def test_a_killed_run_is_told_of_though_the_clock_was_set_back(warehouse: Engine, source: Source) -> None:
    """Whoever has a file alone needs no clock; on a cluster somebody may be waiting."""
    attempts.begin(warehouse, attempts.new_attempt("etl"))
    warehouse.execute("UPDATE etl_attempt SET started_at = TIMESTAMP '2050-01-01 00:00:00'")

    source.log(play(0))
    etl(warehouse, source.folder)

    is_seen = not warehouse.lock_wait
    assert [row[2] for row in rows(warehouse, ATTEMPTS)] == ["killed" if is_seen else "started"]
