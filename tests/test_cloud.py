"""The cloud path as a user walks it: the commands of `sparkify cluster`."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sparkify.emulator.service import Emulator
from tests.builders import Run

SETTINGS = "[WAREHOUSE]\nENGINE = redshift\n[CLUSTER]\nNAME = cli\nNODES = 2\nPOLL = 0.1\n"


@pytest.fixture
def cloud(emulator: Emulator, run: Run, tmp_path: Path) -> Run:
    """Runs sparkify in a folder whose dwg.cfg chooses Redshift, with an account that is empty."""
    (tmp_path / "dwg.cfg").write_text(SETTINGS)
    return run


def clusters() -> list[str]:
    import boto3

    return [one["ClusterIdentifier"] for one in boto3.client("redshift").describe_clusters()["Clusters"]]


def test_a_launch_shows_its_plan_and_price_and_asks_first(cloud: Run) -> None:
    dry = cloud("cluster", "launch", "--dry-run", "--ttl", "8h")
    unasked = cloud("cluster", "launch")

    assert "2 x rg.large (about 0.76 USD/h), 18.24 USD/day" in dry.stderr
    assert "(prices by AWS's price list, on demand)" in dry.stderr
    assert (dry.returncode, unasked.returncode) == (0, 1)
    assert "cli" not in clusters()


def test_a_cluster_lives_from_launch_to_delete(cloud: Run, tmp_path: Path) -> None:
    launched = cloud("cluster", "launch", "--yes", "--ttl", "2d")
    nobody = cloud("etl", "--source", "music")
    (tmp_path / "dwg.cfg").write_text(
        SETTINGS.replace("NODES = 2", "NODES = 4\nDATABASE = another\nUSER = other")
    )
    opened = cloud("cluster", "configure", "--cidr", "127.0.0.1")
    world = cloud("cluster", "configure", "--cidr", "0.0.0.0/0")
    again = cloud("cluster", "launch", "--yes")
    status = cloud("cluster", "status", "--format", "csv")
    as_json = json.loads(cloud("cluster", "status", "--format", "json").stdout)
    alive = cloud("cluster", "delete", "--expired", "--yes")
    strange = cloud("cluster", "configure", "--close", "--cidr", "9.9.9.9")
    closed = cloud("cluster", "configure", "--close")
    deleted = cloud("cluster", "delete", "--yes")
    gone = cloud("cluster", "delete", "--yes")
    late = cloud("cluster", "delete", "--yes", "--snapshot", "last")

    assert launched.returncode == 0, launched.stderr
    assert "is available; allowed networks: none" in launched.stdout
    assert (
        "cluster   cli in us-west-2: 2 x rg.large (about 0.76 USD/h), 18.24 USD/day, it exists"
        in again.stderr
    )
    assert f"expires   {as_json['expires']}" in again.stderr
    assert "network   security group sparkify-cli; allowed networks: 127.0.0.1/32" in again.stderr
    assert "Next: sparkify tables create" in again.stdout
    assert (as_json["cluster"], as_json["lets_in"], as_json["is_expired"]) == ("cli", ["127.0.0.1/32"], False)
    assert nobody.returncode != 0
    assert re.search(
        r'psql +psql "host=localhost port=\d+ dbname=sparkify user=sparkify_admin sslmode=verify-full',
        opened.stdout,
    )
    assert re.search(r"jdbc:redshift://localhost:\d+/sparkify\?ssl=true&sslmode=verify-full", opened.stdout)
    assert "password  aws secretsmanager get-secret-value --region us-west-2" in opened.stdout
    assert (world.returncode, "--open-to-the-world" in world.stderr) == (2, True)
    assert "allowed networks,127.0.0.1/32" in status.stdout
    assert "The time of the cluster cli in us-west-2 is not over: nothing was done" in alive.stdout
    assert strange.stdout.splitlines() == [
        "Revoked: none.", "Not allowed before: 9.9.9.9/32.", "Still allowed: 127.0.0.1/32.",
    ]  # fmt: skip
    assert closed.stdout == "Revoked: 127.0.0.1/32.\nStill allowed: none.\n"
    assert "The cluster cli in us-west-2 is gone, and nothing that was made for it is left" in deleted.stdout
    assert "There was no cluster cli in us-west-2" in gone.stdout
    assert (deleted.returncode, gone.returncode, late.returncode) == (0, 0, 1)
    assert "there is no snapshot last: the cluster was gone before" in late.stderr
    assert "cli" not in clusters()


def test_whoever_interrupts_a_launch_is_told_what_may_cost_money(
    cloud: Run, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator.clusters, "seconds", 3600)
    line = [sys.executable, "-m", "sparkify.cli.main", "cluster", "launch", "--yes"]
    with subprocess.Popen(line, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "the cluster is creating" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    monkeypatch.setattr(emulator.clusters, "seconds", 0.05)
    cloud("cluster", "delete", "--yes")

    assert process.returncode == 130
    assert said.splitlines()[-1] == (
        "sparkify: interrupted, and what was created so far exists and may cost money: repeat "
        "`sparkify cluster launch` to go on, or remove it by `sparkify cluster delete`."
    )


def test_a_plan_needs_no_account(cloud: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)

    dry, real = cloud("cluster", "launch", "--dry-run"), cloud("cluster", "launch", "--yes")

    assert (dry.returncode, real.returncode) == (0, 6)
    assert dry.stderr.startswith("warning: there are no AWS credentials.")
    assert "2 x rg.large (about 0.76 USD/h)" in dry.stderr


def test_the_world_is_let_in_on_purpose_and_with_a_warning(cloud: Run) -> None:
    cloud("cluster", "launch", "--yes")

    opened = cloud("cluster", "configure", "--cidr", "0.0.0.0/0", "--open-to-the-world")
    cloud("cluster", "delete", "--yes")

    assert opened.returncode == 0, opened.stderr
    assert "warning: much of the internet" in opened.stderr


def test_a_type_that_cannot_be_created_is_refused_before_aws_is_asked(cloud: Run, tmp_path: Path) -> None:
    (tmp_path / "dwg.cfg").write_text("[CLUSTER]\nNODE_TYPE = dc2.large\n")

    refused = cloud("cluster", "launch", "--yes")

    assert refused.returncode == 2
    assert refused.stderr == (
        "sparkify: dc2.large can no longer be created. Closest: 4 x rg.large (about 1.52 USD/h). "
        "Set [CLUSTER] NODE_TYPE in dwg.cfg.\n"
    )


@pytest.mark.parametrize(
    "command",
    [("status",), ("pause",), ("resume",), ("configure",), ("configure", "--close")],
)
def test_without_a_cluster_one_line_says_how_to_make_one(cloud: Run, command: tuple[str, ...]) -> None:
    refused = cloud("cluster", *command)

    assert refused.returncode == 1
    assert refused.stderr == (
        "sparkify: there is no cluster cli in us-west-2. `sparkify cluster launch` makes it.\n"
    )
