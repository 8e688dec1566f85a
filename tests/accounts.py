"""An account on the emulator in which clusters are launched: what all tests of provisioning need."""

import copy
import datetime as dt
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from sparkify.aws import Clients, make_clients
from sparkify.config import S3, Cluster, Config
from sparkify.emulator.account import REGION
from sparkify.emulator.service import Emulator
from sparkify.progress import Silent
from sparkify.provision import lifecycle, plan
from sparkify.provision.names import Names
from sparkify.provision.polling import Poller

NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
POLLER = Poller(every=0.02, deadline=30)


@pytest.fixture
def account(
    emulator: Emulator, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Config]:
    """Settings for a cluster of the test's own name; whatever it leaves behind is removed."""
    name = f"t{abs(hash(request.node.name)) % 10**10}"
    config = Config(cluster=Cluster(name=name, nodes=2), s3=S3(source=f"s3://{name}-music/app"))
    monkeypatch.setattr(emulator.clusters, "seconds", 0.05)
    boto3.client("s3").create_bucket(
        Bucket=f"{name}-music", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    yield config
    lifecycle.delete(make_clients(), names_of(config), "", POLLER, Silent())


@pytest.fixture
def clients(emulator: Emulator) -> Clients:
    return make_clients()


def having(clients: Clients, **others: Any) -> Clients:
    """The same clients, but for these."""
    changed = copy.copy(clients)
    vars(changed).update(others)
    return changed


class Told(Silent):
    """Remembers the steps."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, name: str, total_bytes: int = 0) -> None:  # noqa: ARG002  # as Progress has it
        self.steps.append(name)


def planned(clients: Clients, config: Config, ttl: dt.timedelta | None = None) -> plan.Launch:
    """What a launch would make of what stands."""
    names = Names(config.cluster.name, clients.region)
    return plan.plan_launch(config, names, plan.current_state(clients, config, names), ttl, NOW)


def launch(clients: Clients, config: Config, ttl: dt.timedelta | None = None) -> Told:
    """Launch the cluster of the configuration, if any of it is missing."""
    told = Told()
    lifecycle.launch(clients, config, planned(clients, config, ttl), NOW, POLLER, told)
    return told


def names_of(config: Config) -> Names:
    return Names(config.cluster.name, REGION)


def the_cluster(clients: Clients, config: Config) -> Any:
    return clients.redshift.describe_clusters(ClusterIdentifier=config.cluster.name)["Clusters"][0]


def tags(found: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in found}


def left(clients: Clients, names: Names) -> list[str]:
    """The kinds of what is left."""
    return [one.what.rpartition(" ")[0] for one in lifecycle.left_over(clients, names)]


class Killed(BaseException):
    """The process died."""


class Mortal:
    """Clients of a process that dies when AWS has answered a number of calls."""

    def __init__(self) -> None:
        self._clients, self._left = make_clients(), 0
        self._clients._session.events.register("after-call", self._count)

    def after(self, calls: int) -> Clients:
        self._left = calls
        return self._clients

    def _count(self, **_: Any) -> None:
        self._left -= 1
        if self._left == 0:
            raise Killed
