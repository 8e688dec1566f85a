"""The rehearsal on AWS, with one emulator as AWS: what differs is reported, and nothing is ever left."""

import datetime as dt
import json
import os
import re
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from sparkify.cli import rehearse
from sparkify.config import Cluster, Config
from sparkify.emulator import session as emulator_session
from sparkify.emulator.account import REGION
from sparkify.emulator.backend import administer
from sparkify.emulator.clusters import ApiError
from sparkify.emulator.refusals import Refused
from sparkify.emulator.service import Emulator
from sparkify.errors import ConfigError, ProvisionError, RehearsalError
from sparkify.rehearse import real, steps
from sparkify.rehearse.comparison import Comparison, Difference, compare
from sparkify.rehearse.real import Plan, plan_rehearsal
from sparkify.rehearse.report import Report
from sparkify.signals import interruptible
from tests.builders import Run, Source, play, song
from tests.torture import long

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def plan(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr(emulator.clusters, "seconds", 0.05)
    return plan_rehearsal(Config(cluster=Cluster(poll=0.05)), HOUR, 2, ["127.0.0.1/32"])


@pytest.fixture
def unrehearsed(monkeypatch: pytest.MonkeyPatch, source: Source) -> Source:
    """Without the run on the emulator, which has tests of its own."""
    source.log(play(0))
    source.log(play(1), day="2018-11-02")
    monkeypatch.setattr(real, "walk_emulated", lambda *_: iter(()))
    return source


def names_with(part: str) -> list[str]:
    """All of the account that has a name like that."""
    iam, ec2, redshift, s3 = (boto3.client(name) for name in ("iam", "ec2", "redshift", "s3"))
    names = [
        *(one["RoleName"] for one in iam.list_roles()["Roles"]),
        *(one["GroupName"] for one in ec2.describe_security_groups()["SecurityGroups"]),
        *(one["ClusterIdentifier"] for one in redshift.describe_clusters()["Clusters"]),
        *(one["Name"] for one in s3.list_buckets()["Buckets"]),
        *(one["Name"] for one in boto3.client("secretsmanager").list_secrets()["SecretList"]),
    ]
    return [name for name in names if part in name]


def left(plan: Plan) -> list[str]:
    return names_with(plan.names.cluster)


def go(plan: Plan, source: Source, file: Path, say: Callable[[str], None] = lambda _: None) -> Report:
    return real.run(plan, source.folder, file, say, lambda *_: None)


def planting(monkeypatch: pytest.MonkeyPatch, plant: Callable[[str], str]) -> None:
    """Statements reach the emulator that plays AWS changed so."""
    rewrite = emulator_session.rewrite
    monkeypatch.setattr(emulator_session, "rewrite", lambda sql: rewrite(plant(sql)))


@long
def test_the_steps_run_on_aws_too_and_the_report_tells_each_planted_difference(
    emulator: Emulator,
    source: Source,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source.song(song())
    source.log(
        play(0), play(2, userId="x"), play(1, firstName="Zebedee")
    )  # a reject at the end tells of lines
    source.log(play(0, sessionId=39), day="2018-11-02")
    chosen = ("launch", "configure", "create tables", "load", "load again", "check", "delete")
    monkeypatch.setattr(steps, "STEPS", [step for step in steps.STEPS if step[0] in chosen])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dwg.cfg").write_text("[CLUSTER]\nPOLL = 0.05\n")
    show = rehearse._show

    def plant(where: str, step: steps.Step) -> None:
        show(where, step)
        if (where, step.name) == ("AWS", "load"):
            name = next(name for name in emulator.clusters._known if name.startswith("sparkify-try-"))
            wider = "ALTER TABLE songs ALTER COLUMN title TYPE text"
            emulator._run(administer(emulator._postgres.socket, f"{name}.sparkify", wider))

    monkeypatch.setattr(rehearse, "_show", plant)

    rehearse._real(source.folder, 2, "1h", ("127.0.0.1",), Path("out.json"), yes=True)

    text = (tmp_path / "out.json").read_text()
    told = json.loads(text)
    statements = [one for one in told["differences"] if " " in one["what"]]
    assert {(one["kind"], one["detail"]) for one in statements} == {
        ("other result", "type of title: emulator varchar, AWS text")
    }
    assert {one["step"] for one in statements} <= {"load again", "check"}
    assert [step["step"] for step in told["steps"] if step["aws"] > 0] == list(chosen)
    assert (told["stopped_at"], told["left"]) == ("", [])
    assert told["same"] > 200
    assert not re.search(r"Zebedee|\d{12}|s3://", text), "no value and no address is in the report"
    assert names_with("sparkify-try-") == []
    assert re.search(r"nothing is left\. \d+ answers? differed .*: out\.json\.$", capsys.readouterr().out)


def test_after_a_step_that_fails_all_is_deleted_and_the_report_says_why(
    plan: Plan, unrehearsed: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plant(sql: str) -> str:
        if "CREATE TABLE IF NOT EXISTS users" in sql:
            raise Refused('permission denied for "Lily" in schema public', "42501")
        return sql

    planting(monkeypatch, plant)

    with pytest.raises(RehearsalError, match=r"the rehearsal stopped at 'create tables'.*permission denied"):
        go(plan, unrehearsed, tmp_path / "out.md")

    told = (tmp_path / "out.md").read_text()
    assert "Stopped at *create tables*" in told
    assert "permission denied for ? in schema public [42501]" in told
    assert left(plan) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_launch_is_deleted_however_often_it_is_interrupted(
    plan: Plan, unrehearsed: Source, tmp_path: Path, number: signal.Signals
) -> None:
    told: list[str] = []

    def say(what: str) -> None:
        told.append(what)
        if what == "launch":
            threading.Timer(1.5, os.kill, (os.getpid(), number)).start()
        if what == "deleting the role":
            os.kill(os.getpid(), number)

    with interruptible(), pytest.raises(KeyboardInterrupt, match="everything that was made is deleted"):
        go(plan, unrehearsed, tmp_path / "out.md", say)

    assert "deleting what was made; this takes some minutes" in told
    assert left(plan) == []
    # How far it came in that time is the machine's matter.
    assert re.search(r"Stopped at \*(launch|configure|create tables)\*", (tmp_path / "out.md").read_text())


def test_when_the_time_to_live_is_over_it_stops_and_deletes(
    plan: Plan, unrehearsed: Source, tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator.clusters, "seconds", 4)
    short = replace(plan, ttl=dt.timedelta(seconds=3))

    with pytest.raises(RehearsalError, match="the time to live is over"):
        go(short, unrehearsed, tmp_path / "out.md")

    assert left(plan) == []


def test_what_cannot_be_deleted_is_named_with_the_command_that_removes_it(
    plan: Plan, unrehearsed: Source, tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(form: Any) -> None:
        raise ApiError("InvalidClusterState", "There is an operation running on the Cluster")

    monkeypatch.setattr(steps, "STEPS", steps.STEPS[:1])
    with monkeypatch.context() as stuck:
        stuck.setattr(emulator.clusters, "_delete", refuse)
        with pytest.raises(ProvisionError, match="still there, and it may cost money: cluster ") as error:
            go(plan, unrehearsed, tmp_path / "out.md")

    name = f"SPARKIFY_CLUSTER__NAME={plan.names.cluster} SPARKIFY_CLUSTER__REGION={REGION}"
    assert f"{name} sparkify cluster delete --yes" in str(error.value)
    assert f"{name} sparkify cluster delete --yes" in (tmp_path / "out.md").read_text()
    real._delete(plan, lambda _: None)
    assert left(plan) == []


def test_what_may_cost_more_than_the_limit_is_refused_before_anything_is_made(emulator: Emulator) -> None:
    with pytest.raises(ConfigError, match=r"3 h of 2 x rg.large .*cost 2\.28 USD, more than --max-usd 2\."):
        plan_rehearsal(Config(), 3 * HOUR, 2, [])

    assert names_with("sparkify-try-") == []


def test_each_rehearsal_has_names_of_its_own_and_its_data_is_tagged_to_expire(
    plan: Plan, unrehearsed: Source, tmp_path: Path
) -> None:
    other = plan_rehearsal(Config(), HOUR, 2, [])
    seen: dict[str, str] = {}

    def look(what: str) -> None:
        if what == "launch":
            bucket = next(name for name in names_with(plan.data.cluster))
            found = boto3.client("s3").get_bucket_tagging(Bucket=bucket)["TagSet"]
            seen.update({tag["Key"]: tag["Value"] for tag in found})
            raise RehearsalError("seen enough")

    with pytest.raises(RehearsalError, match="seen enough"):
        go(plan, unrehearsed, tmp_path / "out.md", look)

    assert other.names != plan.names
    assert dt.datetime.fromisoformat(seen["expires"]) - dt.datetime.now(dt.UTC) < HOUR
    assert left(plan) == []


def test_without_a_terminal_the_price_is_said_and_nothing_is_done(emulator: Emulator, run: Run) -> None:
    done = run("rehearse", "--real")

    assert done.returncode == 1
    assert "about 0.76 USD if it lives so long (prices " in done.stderr
    assert done.stderr.splitlines()[-1] == "sparkify: nothing was done. (--yes does it without asking.)"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--max-usd", "1"), "--max-usd belongs to --real."),
        (("--yes",), "--yes belongs to --real."),
        (("--real", "--serve"), "--serve and --real exclude each other."),
        (("--real", "--ttl", "soon"), "'soon' is not a time like"),
        (("--real", "--cidr", "0.0.0.0/0"), "that is 0.0.0.0/0: everybody"),
        (("--real", "--report", "no/such/place.md"), "no/such/place.md cannot be written"),
    ],
)
def test_a_wrong_option_is_one_line(run: Run, options: tuple[str, ...], said: str) -> None:
    done = run("rehearse", *options)

    assert done.returncode == 2
    assert said in done.stderr and len(done.stderr.splitlines()) == 1


def recorded(folder: Path, *entries: dict[str, Any]) -> Path:
    folder.mkdir()
    (folder / "load.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return folder


def answer(sql: str, rows: int = 1, *columns: tuple[str, int, str]) -> dict[str, Any]:
    return {"sql": sql, "rows": rows, "columns": columns}


def refusal(state: str) -> dict[str, Any]:
    return {"sql": "A", "state": state, "error": "no"}


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (answer("A"), answer("A"), None),
        (answer("A", 1), answer("A", 2), ("other result", "rows: emulator 1, AWS 2")),
        (answer("A", 1, ("a", 20, "x")), answer("A", 1, ("a", 20, "y")), ("other result", "values of a")),
        (
            answer("A", 1, ("a", 20, "x")),
            answer("A", 1, ("a", 1700, "x")),
            ("other result", "type of a: emulator bigint, AWS numeric"),
        ),
        (
            answer("A", 1, ("a", 20, "x")),
            answer("A", 1, ("b", 20, "x")),
            ("other result", "columns: emulator a, AWS b"),
        ),
        (refusal("1"), refusal("1"), None),
        (refusal("1"), refusal("2"), ("other error", "emulator: no [1]; AWS: no [2]")),
        (answer("A", -1), refusal("2"), ("other error", "emulator: done; AWS: no [2]")),
        (refusal("1"), answer("A", 3), ("other error", "emulator: no [1]; AWS: 3 rows")),
    ],
)
def test_two_answers_are_compared(
    tmp_path: Path, ours: dict[str, Any], theirs: dict[str, Any], expected: tuple[str, str] | None
) -> None:
    found = compare(recorded(tmp_path / "a", ours), recorded(tmp_path / "b", theirs), ["load"])

    assert [(one.kind, one.detail) for one in found.differences] == ([expected] if expected else [])
    assert found.same == (expected is None)


def test_statements_of_one_run_alone_are_told_and_those_around_them_still_compared(tmp_path: Path) -> None:
    ours = [answer("A"), answer("B"), answer("D"), {"call": "s3.HeadBucket", "code": ""}]
    theirs = [
        answer("A"), answer("C", 3), answer("C", 3), answer("D", 2), {"call": "s3.HeadBucket", "code": "403"},
    ]  # fmt: skip

    found = compare(recorded(tmp_path / "a", *ours), recorded(tmp_path / "b", *theirs), ["load", "check"])

    assert found == Comparison(1, found.differences)
    assert found.differences == {
        Difference("load", "only on the emulator", "B", "1 rows"): 1,
        Difference("load", "only on AWS", "C", "3 rows"): 2,
        Difference("load", "other result", "D", "rows: emulator 1, AWS 2"): 1,
        Difference("load", "only on the emulator", "s3.HeadBucket", "done"): 1,
        Difference("load", "only on AWS", "s3.HeadBucket", "403"): 1,
    }
    Report("here", "2026-01-01", comparison=found).write(tmp_path / "out.md")
    assert "### Only on AWS\n\n- *load* (2 times): 3 rows\n\n      C" in (tmp_path / "out.md").read_text()
