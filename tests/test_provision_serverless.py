"""A serverless workgroup: launched capped and closed, opened, loaded into, and deleted with everything."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from sparkify.aws import Clients, make_clients
from sparkify.config import Config, Redshift
from sparkify.emulator.service import Emulator
from sparkify.engines.redshift.connect import Address
from sparkify.engines.redshift.engine import Redshift as Engine
from sparkify.errors import ConfigError, ProvisionError
from sparkify.progress import Silent
from sparkify.provision import lifecycle, price, role, serverless
from sparkify.provision.status import status
from sparkify.provision.target import find_target
from tests.accounts import NOW, POLLER, Killed, Mortal, having, launch, left, names_of, planned
from tests.torture import times

EVERY = times(6, 1)
ALL = ["workgroup", "namespace", "security group", "bucket", "role", "secret"]


@pytest.fixture
def chosen(account: Config) -> Config:
    """Settings for a workgroup."""
    return replace(
        account, cluster=replace(account.cluster, serverless="yes", rpu=4, max_rpu=8, rpu_hours=10)
    )


def die(**_: Any) -> None:
    raise Killed


def workgroup(clients: Clients, config: Config) -> Any:
    return clients.serverless.get_workgroup(workgroupName=config.cluster.name)["workgroup"]


def test_a_workgroup_is_launched_capped_closed_and_tagged(clients: Clients, chosen: Config) -> None:
    told = launch(clients, chosen)

    found = workgroup(clients, chosen)
    assert (found["status"], found["baseCapacity"], found["maxCapacity"]) == ("AVAILABLE", 4, 8)
    assert not found["publiclyAccessible"]
    assert found["configParameters"] == [{"parameterKey": "require_ssl", "parameterValue": "true"}]
    limits = clients.serverless.list_usage_limits(resourceArn=found["workgroupArn"])["usageLimits"]
    assert [(one["amount"], one["period"], one["breachAction"]) for one in limits] == [
        (10, "daily", "deactivate")
    ]
    assert left(clients, names_of(chosen)) == ALL
    trust: Any = clients.iam.get_role(RoleName=names_of(chosen).role)["Role"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Principal"]["Service"] == role.TRUSTED["workgroup"]
    assert told.steps[-1] == "the workgroup is available"


def test_a_plan_says_what_a_workgroup_may_cost(clients: Clients, chosen: Config) -> None:
    lines = planned(clients, chosen).lines()

    assert lines[0] == (
        f"workgroup {names_of(chosen)}: 4 RPU, at most 8 (about 1.44 USD to 2.88 USD/h while queries run), "
        "until it is deleted"
    )
    assert lines[-2] == (
        "limit     10 RPU-hours a day, about 3.60 USD; then queries are turned off until the next day"
    )


def test_launching_a_workgroup_again_changes_nothing(clients: Clients, chosen: Config) -> None:
    launch(clients, chosen)
    before = workgroup(clients, chosen)

    launch(clients, replace(chosen, cluster=replace(chosen.cluster, rpu=16, max_rpu=32)))

    assert workgroup(clients, chosen) == before
    assert len(clients.serverless.list_usage_limits()["usageLimits"]) == 1


def test_a_namespace_that_a_launch_left_is_not_forgotten_beside_a_cluster(
    clients: Clients, account: Config, chosen: Config
) -> None:
    refusing = make_clients()
    refusing.serverless.meta.events.register("before-call.redshift-serverless.CreateWorkgroup", die)
    with pytest.raises(Killed):
        launch(refusing, chosen)

    with pytest.raises(ProvisionError, match=r"left a namespace\. Go on with --serverless"):
        planned(clients, account)
    launch(clients, chosen)

    assert left(clients, names_of(chosen)) == ALL


def test_what_stands_as_the_other_kind_is_not_launched_beside(
    clients: Clients, account: Config, chosen: Config
) -> None:
    launch(clients, chosen)

    with pytest.raises(ProvisionError, match=r"there is a workgroup .* already"):
        planned(clients, account)


def test_a_session_finds_the_workgroup_and_its_managed_password(
    clients: Clients, chosen: Config, emulator: Emulator
) -> None:
    launch(clients, chosen)
    lifecycle.configure(clients, names_of(chosen), ["127.0.0.1/32"], POLLER, Silent())

    for auth in ("secret", "iam"):
        target = find_target(clients, replace(chosen, redshift=Redshift(auth=auth)))
        address = Address(target.host, target.port, target.database, target.user, target.password)
        engine = Engine(lambda address=address: address, None)  # type: ignore[misc,arg-type]  # nothing is copied
        assert engine.query("SELECT 1 AS one").rows == [(1,)]
        engine.close()
    assert (target.user, target.database, target.slices) == ("IAM:root", "sparkify", 4)
    assert target.role == clients.iam.get_role(RoleName=names_of(chosen).role)["Role"]["Arn"]


def test_configure_opens_and_closes_a_workgroup(clients: Clients, chosen: Config) -> None:
    launch(clients, chosen)
    names = names_of(chosen)

    new = lifecycle.configure(clients, names, ["203.0.113.7/32"], POLLER, Silent())
    found = status(clients, names, NOW)
    lifecycle.configure(clients, names, [], POLLER, Silent(), is_public=False)

    assert (new, found.is_public, found.lets_in) == (["203.0.113.7/32"], True, ["203.0.113.7/32"])
    rows = dict(found.rows())
    assert rows["capacity"] == "4 RPU, at most 8"
    assert rows["price"] == "about 1.44 USD to 2.88 USD/h while queries run"
    assert not workgroup(clients, chosen)["publiclyAccessible"]


def test_a_workgroup_that_takes_connections_without_tls_stays_closed(
    clients: Clients, chosen: Config
) -> None:
    launch(clients, chosen)
    names = names_of(chosen)
    clients.serverless.update_workgroup(
        workgroupName=names.cluster,
        configParameters=[{"parameterKey": "require_ssl", "parameterValue": "false"}],
    )

    with pytest.raises(ProvisionError, match="require_ssl"):
        lifecycle.configure(clients, names, ["203.0.113.7/32"], POLLER, Silent())

    assert lifecycle.lets_in(clients, names) == []


@pytest.mark.parametrize("act", [lifecycle.pause, lifecycle.resume])
def test_a_workgroup_is_not_paused(clients: Clients, chosen: Config, act: Any) -> None:
    launch(clients, chosen)

    with pytest.raises(ProvisionError, match="it is paid only while queries run"):
        act(clients, names_of(chosen), POLLER, Silent())


def test_a_launch_of_a_workgroup_killed_after_any_call_is_finished_or_removed(
    clients: Clients, chosen: Config
) -> None:
    mortal = Mortal()
    for calls in range(2, 200, EVERY):
        try:
            launch(mortal.after(calls), chosen)
        except Killed:
            pass
        else:
            break
        if calls % (2 * EVERY) == 2:
            launch(clients, chosen)
            assert workgroup(clients, chosen)["status"] == "AVAILABLE"

        assert lifecycle.delete(clients, names_of(chosen), "", POLLER, Silent()) == []

    assert 20 < calls < 199


def test_a_workgroup_of_somebody_else_is_neither_adopted_nor_deleted(
    clients: Clients, chosen: Config
) -> None:
    own = boto3.client("redshift-serverless")
    own.create_namespace(namespaceName=chosen.cluster.name, adminUsername="other", manageAdminPassword=True)
    try:
        for act in (
            lambda: launch(clients, chosen),
            lambda: lifecycle.delete(clients, names_of(chosen), "", POLLER, Silent()),
        ):
            with pytest.raises(ProvisionError, match=r"a namespace .* is not ours"):
                act()
        assert own.get_namespace(namespaceName=chosen.cluster.name)["namespace"]["adminUsername"] == "other"
    finally:
        own.delete_namespace(namespaceName=chosen.cluster.name)


def test_who_may_not_ask_for_workgroups_launches_a_cluster_all_the_same(
    account: Config, clients: Clients
) -> None:
    refused = make_clients()

    def refuse(**_: Any) -> None:
        error = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
        raise refused.iam.exceptions.ClientError(error, "GetWorkgroup")  # type: ignore[arg-type]  # enough of it

    refused.serverless.meta.events.register("before-call", refuse)

    launch(refused, account)

    assert lifecycle.delete(refused, names_of(account), "", POLLER, Silent()) == []


def test_a_final_snapshot_of_a_workgroup_is_kept_and_named(clients: Clients, chosen: Config) -> None:
    launch(clients, chosen)
    names = names_of(chosen)

    assert lifecycle.delete(clients, names, f"{names.cluster}-last", POLLER, Silent()) == []

    assert lifecycle.snapshots(clients, names) == {
        f"{names.cluster}-last": "aws redshift-serverless delete-snapshot --region us-west-2 --snapshot-name "
        f"{names.cluster}-last"
    }
    clients.serverless.delete_snapshot(snapshotName=f"{names.cluster}-last")


def test_a_namespace_that_is_busy_is_asked_again_until_it_is_gone(
    clients: Clients, chosen: Config, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch(clients, chosen)
    monkeypatch.setattr(emulator.clusters, "seconds", 1)

    assert lifecycle.delete(clients, names_of(chosen), "", POLLER, Silent()) == []


def test_a_workgroup_expires_as_a_cluster_does(clients: Clients, chosen: Config) -> None:
    import datetime as dt

    launch(clients, chosen, dt.timedelta(hours=1))

    there = lifecycle.left_over(clients, names_of(chosen))

    assert not lifecycle.is_over(there, NOW)
    assert lifecycle.is_over(there, NOW + dt.timedelta(hours=2))
    assert status(clients, names_of(chosen), NOW + dt.timedelta(hours=2)).is_expired


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rpu": 12}, "RPU = 12 is no capacity"),
        ({"rpu": 0}, "RPU = 0 is no capacity"),
        ({"rpu": 8, "max_rpu": 520}, "MAX_RPU = 520 is no capacity"),
        ({"rpu": 16, "max_rpu": 8}, "MAX_RPU = 8 is less than RPU = 16"),
        ({"name": "ab"}, "NAME = ab is too short"),
    ],
)
def test_a_capacity_or_a_name_that_aws_does_not_take_is_refused_before_it_is_asked(
    clients: Clients, chosen: Config, settings: dict[str, Any], said: str
) -> None:
    wrong = replace(chosen, cluster=replace(chosen.cluster, **settings))

    with pytest.raises(ConfigError) as caught:
        planned(clients, wrong)

    assert said in str(caught.value)


@pytest.mark.parametrize("size", [4, 8, 512, 544, 1024])
def test_capacities_that_aws_documents_are_taken(chosen: Config, size: int) -> None:
    settings = replace(chosen.cluster, rpu=size, max_rpu=size)

    assert price.capacity(settings).what == f"{size} RPU, at most {size}"


def test_where_there_is_no_redshift_serverless_the_plan_says_so(clients: Clients, chosen: Config) -> None:
    with pytest.raises(ProvisionError, match="not offered in us-west-2"):
        planned(having(clients, serverless=None), chosen)


@pytest.fixture
def without_default_vpc(emulator: Emulator) -> Iterator[None]:
    emulator.account.set_default_vpc(False)
    yield
    emulator.account.set_default_vpc(True)


def test_a_workgroup_needs_three_zones(clients: Clients, chosen: Config, without_default_vpc: None) -> None:
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.8.{k}.0/24", AvailabilityZone=f"us-west-2{zone}")[
            "Subnet"
        ]["SubnetId"]
        for k, zone in enumerate("abc")
    ]
    beside = ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.9.0/24", AvailabilityZone="us-west-2b")["Subnet"]
    for name, own in (("two", [*subnets[:2], beside["SubnetId"]]), ("three", subnets)):
        clients.redshift.create_cluster_subnet_group(
            ClusterSubnetGroupName=name, Description="test", SubnetIds=own
        )
    narrow, wide = (
        replace(chosen, cluster=replace(chosen.cluster, subnet_group=name)) for name in ("two", "three")
    )

    with pytest.raises(
        ProvisionError, match="has 3 subnets in 2 availability zones; a workgroup needs 3 in 3"
    ):
        planned(clients, narrow)
    launch(clients, wide)

    assert sorted(workgroup(clients, chosen)["subnetIds"]) == sorted(subnets)
    assert serverless.find(clients, names_of(chosen)) is not None
    for name in ("two", "three"):
        clients.redshift.delete_cluster_subnet_group(ClusterSubnetGroupName=name)
