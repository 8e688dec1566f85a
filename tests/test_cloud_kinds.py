"""`sparkify cluster` for what is no cluster on the internet: serverless, private, without a VPC."""

import json
from pathlib import Path

import pytest

from sparkify.emulator.grammar.vocabulary import words
from sparkify.emulator.rules import is_reserved
from sparkify.emulator.service import Emulator
from sparkify.provision import reserved
from tests.builders import Run, Source, play, song

SETTINGS = "[WAREHOUSE]\nENGINE = redshift\n[CLUSTER]\nNAME = kinds\nNODES = 2\nPOLL = 0.1\n"


@pytest.fixture
def cloud(emulator: Emulator, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(emulator.clusters, "seconds", 0.05)
    (tmp_path / "dwg.cfg").write_text(SETTINGS)
    return run


def test_a_workgroup_lives_from_launch_over_a_load_to_delete(cloud: Run, source: Source) -> None:
    source.song(song())
    source.log(play(0), play(1))

    dry = cloud("cluster", "launch", "--serverless", "--dry-run")
    launched = cloud("cluster", "launch", "--serverless", "--yes", "--ttl", "1h")
    opened = cloud("cluster", "configure", "--cidr", "127.0.0.1")
    status = json.loads(cloud("cluster", "status", "--format", "json").stdout)
    loaded = cloud("etl", "--source", "music")
    counted = cloud("query", "SELECT COUNT(*) AS n FROM songplay", "--format", "csv")
    paused = cloud("cluster", "pause")
    deleted = cloud("cluster", "delete", "--yes")

    assert "workgroup kinds in us-west-2: 8 RPU, at most 16 (about 2.88 USD to 5.76 USD/h" in dry.stderr
    assert "limit     48 RPU-hours a day, about 17.28 USD" in dry.stderr
    assert (launched.returncode, opened.returncode) == (0, 0), launched.stderr + opened.stderr
    assert "The workgroup kinds in us-west-2 is available; allowed networks: none." in launched.stdout
    assert "password  aws secretsmanager get-secret-value --region us-west-2" in opened.stdout
    assert (status["kind"], status["size"], status["usd_per_hour"]) == (
        "workgroup",
        "8 RPU, at most 16",
        2.88,
    )
    assert loaded.returncode == 0, loaded.stderr
    assert counted.stdout == "n\n2\n", counted.stderr
    assert paused.stderr.startswith("sparkify: the workgroup kinds in us-west-2 cannot be paused")
    assert deleted.returncode == 0, deleted.stderr
    assert (
        "The workgroup kinds in us-west-2 is gone, and nothing that was made for it is left" in deleted.stdout
    )


def test_a_private_cluster_is_told_how_to_reach_and_nothing_is_opened(cloud: Run, tmp_path: Path) -> None:
    (tmp_path / "dwg.cfg").write_text(f"{SETTINGS}PUBLIC = no\n")
    cloud("cluster", "launch", "--yes")

    opened = cloud("cluster", "configure")
    named = cloud("cluster", "configure", "--cidr", "10.0.0.0/16")
    status = cloud("cluster", "status", "--format", "csv").stdout
    cloud("cluster", "delete", "--yes")

    assert (opened.returncode, named.returncode) == (0, 0), opened.stderr
    assert "Allowed: " not in opened.stdout
    assert "allowed networks: none yet (give --cidr: the network of the VPN" in opened.stdout
    assert "tunnel    ssh -N -L" in opened.stdout
    assert "allowed networks: 10.0.0.0/16" in named.stdout
    assert "reach,its network only" in status


def test_a_dry_run_without_a_default_vpc_fails_and_names_the_setting(cloud: Run, emulator: Emulator) -> None:
    emulator.account.set_default_vpc(False)

    dry = cloud("cluster", "launch", "--dry-run")
    emulator.account.set_default_vpc(True)

    assert dry.returncode == 1
    assert dry.stderr.startswith("sparkify: us-west-2 has no default VPC. Set [CLUSTER] SUBNET_GROUP")


@pytest.mark.parametrize("more", [(), ("--dry-run",), ("--serverless",), ("--serverless", "--dry-run")])
@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("USER = SELECT", "[CLUSTER] USER = SELECT is a word that Redshift reserves. Choose another name."),
        (
            "DATABASE = user",
            "[CLUSTER] DATABASE = user is a word that Redshift reserves. Choose another name.",
        ),
        ("USER = Admin", "[CLUSTER] USER = Admin has capitals, and AWS takes none here. Write admin."),
        (
            "DATABASE = Music",
            "[CLUSTER] DATABASE = Music has capitals, and AWS takes none here. Write music.",
        ),
    ],
)
def test_names_that_aws_does_not_take_are_refused_before_it_is_asked(
    run: Run, tmp_path: Path, setting: str, said: str, more: tuple[str, ...]
) -> None:
    (tmp_path / "dwg.cfg").write_text(f"{SETTINGS}{setting}\n")

    done = run("cluster", "launch", "--yes", *more)

    assert (done.returncode, done.stderr) == (2, f"sparkify: {said}\n")


def test_the_emulator_reserves_the_same_words() -> None:
    """Its list is its own, read on the same page."""
    every = {*words("reserved"), *words("reserved by Redshift alone")}

    assert {word.lower() for word in every if is_reserved(word)} == reserved.WORDS
