"""A warehouse that `sparkify cluster` did not launch: what is said of it, and never what is only of ours."""

import os
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sparkify.aws import Clients
from sparkify.config import S3, Config, Etl, Iam, Warehouse
from sparkify.config import Redshift as RedshiftSettings
from sparkify.connection import open_engine, opened
from sparkify.emulator.account import ACCOUNT
from sparkify.emulator.service import Emulator
from sparkify.engines.redshift.engine import Redshift
from sparkify.engines.registry import Finding, OpenOptions
from sparkify.errors import ConfigError, ProvisionError, RemoteError
from sparkify.load.run import MaxRejects, load
from sparkify.load.tables import create_tables, prepare_tables
from sparkify.progress import Silent
from sparkify.provision import lifecycle, role
from sparkify.provision.target import Target, find_target
from sparkify.source.listing import list_source
from tests.accounts import POLLER, launch, names_of
from tests.builders import Run, play
from tests.clusters import BUCKET, Bucket, Cluster
from tests.test_doctor import examined

HOST = "music.c9.us-west-2.redshift.amazonaws.com"
SETTINGS = f"[WAREHOUSE]\nENGINE = redshift\n[CLUSTER]\nNAME = ours\nPOLL = 0.1\n[REDSHIFT]\nHOST = {HOST}\n"


def foreign(cluster: Cluster, role: str, **more: Any) -> Config:
    """The cluster, as somebody else's."""
    address = cluster.address
    given = RedshiftSettings(
        host=address.host, port=address.port, user=address.user, password=address.password,
        scratch=f"s3://{BUCKET}/scratch",
    )  # fmt: skip
    return Config(warehouse=Warehouse(engine="redshift"), redshift=given, iam=Iam(arn=role), **more)


@pytest.fixture
def here(emulator: Emulator, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs sparkify where [REDSHIFT] HOST is another team's cluster."""
    monkeypatch.setattr(emulator.clusters, "seconds", 0.05)
    (tmp_path / "dwg.cfg").write_text(SETTINGS)
    return run


@pytest.mark.parametrize("command", ["status", "pause", "resume", "configure"])
def test_cluster_commands_say_that_host_is_not_theirs(here: Run, command: str) -> None:
    done = here("cluster", command)

    assert done.returncode == 2
    assert done.stderr == (
        "sparkify: there is no cluster ours in us-west-2, and `sparkify cluster` is for those that it "
        f"launched, not for [REDSHIFT] HOST = {HOST}. `sparkify doctor` probes that one.\n"
    )


def test_where_both_are_there_it_is_said_which_one_is_meant(here: Run) -> None:
    launched = here("cluster", "launch", "--yes")
    status = here("cluster", "status", "--format", "csv")
    here("cluster", "delete", "--yes")

    said = (
        f"warning: [REDSHIFT] HOST = {HOST} is set: other commands go on using that warehouse, not this one."
    )
    assert said in launched.stderr.splitlines()
    assert f"warning: this is about ours in us-west-2; [REDSHIFT] HOST = {HOST} is what" in status.stderr
    assert "status,available" in status.stdout


def test_the_doctor_knocks_at_the_address(cluster: Cluster) -> None:
    there = foreign(cluster, cluster.role)
    away = replace(there, redshift=replace(there.redshift, port=1))

    found, lost = examined(there), examined(away)

    assert found["cluster"] == Finding(
        "cluster", "ok", f"localhost:{cluster.address.port} can be reached, database sparkify"
    )
    assert found["role"].found == f"{cluster.role} exists; whether the cluster has it, a load tells"
    assert (lost["cluster"].state, lost["cluster"].advice) == ("FAILED", Target.advice)
    assert "cannot be reached" in lost["cluster"].found


@pytest.mark.parametrize(
    ("arn", "state", "found"),
    [
        (f"arn:aws:iam::{ACCOUNT}:role/nobody", "FAILED", "there is no role arn:"),
        ("arn:aws:iam::210987654321:role/theirs", "warning", "is of account 210987654321, and cannot be"),
        ("", "warning", "none is set"),
    ],
)
def test_the_doctor_never_sends_people_to_launch_for_a_role_of_others(
    cluster: Cluster, arn: str, state: str, found: str
) -> None:
    one = examined(foreign(cluster, arn))["role"]

    assert (one.state, found in one.found) == (state, True)
    assert one.advice and "launch" not in one.advice


def test_a_cluster_without_a_role_can_be_asked_and_a_load_says_what_it_lacks(
    clients: Clients, account: Config, emulator: Emulator
) -> None:
    config = replace(account, warehouse=Warehouse(engine="redshift"))
    launch(clients, config)
    lifecycle.configure(clients, names_of(config), ["127.0.0.1/32"], POLLER, Silent())
    emulator.account._redshift.clusters[config.cluster.name].iam_roles_arn = []

    with opened(config) as engine:
        assert engine.query("SELECT 1 AS a").rows == [(1,)]
    with pytest.raises(ProvisionError, match=r"no role is attached to t\d+, .*modify-cluster-iam-roles"):
        open_engine(config, OpenOptions(may_make=True))
    found = find_target(clients, config)
    assert (found.role, "`sparkify cluster launch`" in found.role_advice) == ("", True)
    assert examined(config)["role"].state == "warning"


def test_a_role_that_may_not_read_is_not_changed_by_a_launch_where_it_is_of_others(
    cluster: Cluster, clients: Clients, bucket: Bucket, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.log(play(0))
    config = foreign(cluster, cluster.role, s3=S3(source=bucket.uri), etl=Etl(compact="always"))
    monkeypatch.setattr(emulator.account, "may_read", lambda *_: False)
    engine = open_engine(config, OpenOptions(read_only=False, may_make=True))
    assert isinstance(engine, Redshift)
    create_tables(engine)

    with pytest.raises(RemoteError, match=r"must allow s3:GetObject and s3:ListBucket there\.$"):
        load(engine, list_source(config.s3), MaxRejects.parse("0"), Silent(), lambda _: None)
    engine.close()


def test_a_role_of_another_partition_is_refused_by_the_plan(
    emulator: Emulator, run: Run, tmp_path: Path
) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/ours"
    (tmp_path / "dwg.cfg").write_text(f"[CLUSTER]\nREGION = us-gov-west-1\n[IAM]\nARN = {arn}\n")

    done = run("cluster", "launch", "--dry-run")

    assert done.returncode == 2
    assert done.stderr == (
        f"sparkify: [IAM] ARN = {arn} is of the partition aws, and this region is of aws-us-gov. "
        "Name a role there.\n"
    )
    role.check_arn("aws-us-gov", arn.replace("aws", "aws-us-gov"))
    role.check_arn("aws-cn", "")
    with pytest.raises(ConfigError):
        role.check_arn("aws-cn", arn)


def test_a_reader_is_told_at_first_use_who_must_let_them_in_and_what_the_report_lacks(
    cluster: Cluster, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, schema = f"newcomer_{uuid.uuid4().hex[:8]}", f"first_{uuid.uuid4().hex[:8]}"
    owner = cluster.connect(schema)
    create_tables(owner)
    owner.native(f"CREATE USER {name} PASSWORD 'Only4Tests'")
    owner.close()
    place = cluster.address
    (tmp_path / "dwg.cfg").write_text(
        "[WAREHOUSE]\nENGINE = redshift\n[CLUSTER]\nDATABASE = sparkify\n[REDSHIFT]\nUSER = "
        f"{name}\nHOST = {place.host}\nPORT = {place.port}\nSCHEMA = {schema}\n"
    )

    def act(*command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "sparkify.cli.main", *command],
            cwd=tmp_path, capture_output=True, text=True, check=False,
            env=os.environ | {"SPARKIFY_REDSHIFT__PASSWORD": "Only4Tests"},
        )  # fmt: skip

    for command in (("ask", "most_played_songs"), ("query", "SELECT 1"), ("report",)):
        early = act(*command)
        assert early.returncode == 2
        assert early.stderr.splitlines()[-1] == (
            f"sparkify: schema {schema} of cluster localhost has no tables that this login may read. "
            "Its owner adds the login to [REDSHIFT] READERS and runs `sparkify tables create`, which also "
            "makes a new warehouse."
        )
    owner = cluster.connect(schema, readers=[name])
    prepare_tables(owner)
    owner.close()
    reported = act("report")

    assert act("ask", "most_played_songs").returncode == 0
    assert reported.returncode == 0, reported.stderr
    assert reported.stdout.splitlines()[-1] == (
        "The report is without checks: they need the rights of the warehouse's owner, and this login has a "
        "reader's."
    )
