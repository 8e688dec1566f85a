"""What a rehearsal follows of the user's settings: each has its decision, and what is followed arrives."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sparkify.config import Cluster, Config, Iam
from sparkify.config_sources import load_config
from sparkify.emulator.service import Emulator
from sparkify.errors import ConfigError, RehearsalError
from sparkify.rehearse import real, settings, steps
from sparkify.rehearse.real import plan_rehearsal
from sparkify.rehearse.steps import STEPS
from tests.builders import Run, Source, play, song
from tests.test_provision_documented import subnet_group
from tests.test_rehearse_real import HOUR, left
from tests.torture import long

__all__ = ["subnet_group"]  # a fixture that lives elsewhere
FOLLOWED = {*settings.ON_AWS, *settings.SESSION, *settings.FILES}


def test_each_setting_is_followed_or_has_a_reason_why_not() -> None:
    known = {
        f"{section.name}.{one.name}"
        for section in dataclasses.fields(Config)
        if section.name != "origins"
        for one in dataclasses.fields(section.default)  # type: ignore[arg-type]  # a section instance
    }

    assert known == FOLLOWED | settings.NOT_FOLLOWED.keys()
    assert FOLLOWED & settings.NOT_FOLLOWED.keys() == set()


def test_a_setting_that_is_followed_comes_out_as_it_went_in(tmp_path: Path) -> None:
    given = {
        "cluster.subnet_group": "private", "cluster.public": "no", "cluster.database": "dev",
        "cluster.user": "me", "iam.policy": "AmazonS3ReadOnlyAccess", "redshift.sslmode": "verify-ca",
        "redshift.keepalive": "30",
        "redshift.schema": "music", "redshift.query_group": "a # b; c", "etl.max_rejects": "5",
        "s3.log_jsonpath": str(tmp_path / "log.json"), "s3.song_jsonpath": str(tmp_path / "song.json"),
        "etl.play_page": "Play", "etl.unknown_keys": "refuse", "etl.rejected_files": "allow",
        "etl.compact": "never",
    }  # fmt: skip
    assert given.keys() == FOLLOWED
    config = load_config(flags=given, environ={})

    variables = {**settings.on_both(config, tmp_path), **settings.on_aws(config)}
    found = load_config(environ=variables)

    assert dataclasses.replace(found, origins={}) == dataclasses.replace(config, origins={})
    assert settings.on_both(Config(), tmp_path) == settings.on_aws(Config()) == {}
    assert not any("ETL" in name or "S3" in name for name in settings.on_both(config, None)), "sample data"


def test_a_jsonpaths_file_is_named_by_its_whole_path_and_one_in_a_bucket_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    here, there = (
        load_config(flags={"s3.log_jsonpath": one}, environ={}) for one in ("a.json", "s3://a/b.json")
    )

    assert settings.on_both(here, tmp_path) == {"SPARKIFY_S3__LOG_JSONPATH": str(tmp_path / "a.json")}
    with pytest.raises(ConfigError, match=r"LOG_JSONPATH = s3://a/b.json cannot be rehearsed"):
        settings.on_both(there, tmp_path)


def test_a_network_of_the_users_is_used_and_stays_private(
    emulator: Emulator,
    source: Source,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    subnet_group: Callable[[int], str],  # the fixture
) -> None:
    source.log(play(0))
    group = subnet_group(2)
    config = Config(
        cluster=Cluster(poll=0.05, subnet_group=group, public="no", database="dev"),
        iam=Iam(policy="AmazonS3ReadOnlyAccess"),
    )
    asked: list[dict[str, str]] = []
    before = emulator.clusters.before

    def note(action: str, form: dict[str, str]) -> Any:
        asked.append({"Action": action, **form})
        return before(action, form)

    monkeypatch.setattr(emulator.clusters, "before", note)
    monkeypatch.setattr(emulator.clusters, "seconds", 0.05)
    monkeypatch.setattr(steps, "STEPS", STEPS[:3])
    monkeypatch.setattr(real, "walk_emulated", lambda *_: iter(()))
    with pytest.raises(ConfigError, match=r"PUBLIC = no, give --cidr"):
        plan_rehearsal(config, HOUR, 2, [])
    plan = plan_rehearsal(config, HOUR, 2, ["127.0.0.1/32"])

    # A machine outside of the network cannot get in, and everything is deleted.
    with pytest.raises(RehearsalError, match=r"stopped at 'create tables': .* cannot be reached"):
        real.run(plan, source.folder, tmp_path / "out.md", lambda _: None, lambda *_: None)

    (made,) = [one for one in asked if one["Action"] == "CreateCluster"]
    assert (made["ClusterSubnetGroupName"], made["PubliclyAccessible"], made["DBName"]) == (
        group,
        "false",
        "dev",
    )
    assert not [one for one in asked if one["Action"] == "ModifyCluster"]
    assert f"network  subnet group {group} in vpc-" in plan.lines()[2]
    assert plan.lines()[2].endswith("open to 127.0.0.1/32 alone; without an address on the internet")
    assert left(plan) == []


@long
def test_all_steps_are_walked_on_aws_up_to_the_last(
    emulator: Emulator, run: Run, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator.clusters, "seconds", 0.05)
    monkeypatch.setattr(real, "walk_emulated", lambda *_: iter(()))
    source.song(song())
    source.log(play(0), play(1, page="Play"), play(2, userId="x"))
    source.log(play(0, sessionId=39), day="2018-11-02")
    config = load_config(
        flags={
            "cluster.poll": 0.05, "cluster.database": "dev", "redshift.schema": "music",
            "etl.play_page": "Play", "etl.max_rejects": "10",
        }, environ={},
    )  # fmt: skip
    plan = plan_rehearsal(config, HOUR, 2, ["127.0.0.1/32"])
    out: dict[str, str] = {}

    found = real.run(
        plan, source.folder, tmp_path / "out.json", lambda _: None,
        lambda _, step: out.update({step.name: step.out}),
    )  # fmt: skip

    assert list(found.real) == [name for name, *_ in STEPS]
    assert (found.stopped_at, found.left, left(plan)) == ("", [], [])
    assert "1 songplay" in out["load"], "the page that the settings name"
    told = json.loads((tmp_path / "out.json").read_text())
    assert any('"music"' in one["what"] for one in told["differences"]), "statements were recorded"
