"""Provisioning as AWS documents it: shapes, new roles, states, networks, prices, owners, regions."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from sparkify.aws import Clients, make_clients, session
from sparkify.config import Config
from sparkify.config_sources import load_config
from sparkify.emulator.account import ACCOUNT, REGION
from sparkify.emulator.service import Emulator
from sparkify.errors import ConfigError, ProvisionError, RemoteError
from sparkify.progress import Silent
from sparkify.provision import cluster, ingress, lifecycle, plan, price, role, scratch
from sparkify.provision.names import Names
from sparkify.provision.price import Rate, Size
from sparkify.provision.status import status
from sparkify.provision.target import find_target
from sparkify.source.listing import list_source
from tests.accounts import NOW, POLLER, having, launch, left, names_of, planned, the_cluster


@pytest.fixture
def no_default_vpc(emulator: Emulator) -> Iterator[None]:
    """An account whose owners have removed the default VPC."""
    emulator.account.set_default_vpc(False)
    yield
    emulator.account.set_default_vpc(True)


@pytest.fixture
def subnet_group(emulator: Emulator) -> Iterator[Callable[[int], str]]:
    """Makes a cluster subnet group in a VPC of its own, with as many subnets, each in its own zone."""
    ec2, redshift = boto3.client("ec2"), boto3.client("redshift")
    made: list[str] = []

    def make(zones: int) -> str:
        vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(
                VpcId=vpc, CidrBlock=f"10.7.{number}.0/24", AvailabilityZone=f"{REGION}{'abc'[number]}"
            )["Subnet"]["SubnetId"]
            for number in range(zones)
        ]
        made.append(f"group-{zones}")
        redshift.create_cluster_subnet_group(
            ClusterSubnetGroupName=made[-1], Description="test", SubnetIds=subnets
        )
        return made[-1]

    yield make
    for name in made:
        redshift.delete_cluster_subnet_group(ClusterSubnetGroupName=name)


def sent(clients: Clients, operation: str) -> list[dict[str, Any]]:
    """What is sent by this operation from now on."""
    bodies: list[dict[str, Any]] = []
    service = getattr(clients, operation.split(".", maxsplit=1)[0])
    name = operation.split(".")[1]
    service.meta.events.register(
        f"before-call.{service.meta.service_model.service_id.hyphenize()}.{name}",
        lambda params, **_: bodies.append(params["body"] or params["headers"]),
    )
    return bodies


def with_cluster(config: Config, **settings: Any) -> Config:
    return replace(config, cluster=replace(config.cluster, **settings))


def test_a_cluster_of_one_node_is_asked_for_without_a_number_of_nodes(
    clients: Clients, account: Config
) -> None:
    asked = sent(clients, "redshift.CreateCluster")

    launch(clients, with_cluster(account, nodes=1))

    assert asked[0]["ClusterType"] == "single-node"
    assert "NumberOfNodes" not in asked[0]
    assert the_cluster(clients, account)["NumberOfNodes"] == 1
    assert status(clients, names_of(account), NOW).usd_per_hour == pytest.approx(0.3801)


def test_a_role_that_aws_does_not_know_yet_is_waited_for(
    clients: Clients, account: Config, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator.account, "role_delay", 1.5)

    told = launch(clients, account)

    assert told.steps.count("waiting until AWS knows the role") == 1
    assert the_cluster(clients, account)["ClusterStatus"] == "available"


def test_a_role_that_stays_unknown_ends_in_awss_own_words(
    clients: Clients, account: Config, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator.account, "role_delay", 3600)
    monkeypatch.setattr(role, "KNOWN_AFTER", 0.2)

    with pytest.raises(ProvisionError, match="must delegate access to an Amazon Redshift account") as caught:
        launch(clients, account)

    assert "Made so far: security group" in str(caught.value)


@pytest.mark.parametrize("background", ["resize-cleanup", "prep-for-resize"])
def test_a_cluster_that_works_in_the_background_is_available(
    clients: Clients, account: Config, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, background: str
) -> None:
    launch(clients, account)
    names = names_of(account)
    monkeypatch.setattr(emulator.clusters, "background", background)

    assert the_cluster(clients, account)["ClusterStatus"] == f"available, {background}"
    assert find_target(clients, account).host == "localhost"
    assert status(clients, names, NOW).status == f"available, {background}"
    assert lifecycle.configure(clients, names, ["127.0.0.1/32"], POLLER, Silent()) == ["127.0.0.1/32"]
    lifecycle.pause(clients, names, POLLER, Silent())
    lifecycle.resume(clients, names, POLLER, Silent())
    assert lifecycle.delete(clients, names, "", POLLER, Silent()) == []


def test_without_a_default_vpc_the_plan_says_so_and_names_the_setting(
    clients: Clients, account: Config, no_default_vpc: None
) -> None:
    with pytest.raises(ProvisionError, match=r"no default VPC\. Set \[CLUSTER\] SUBNET_GROUP"):
        planned(clients, account)
    assert left(clients, names_of(account)) == []


def test_a_cluster_is_launched_into_a_subnet_group(
    clients: Clients, account: Config, no_default_vpc: None, subnet_group: Callable[[int], str]
) -> None:
    chosen = with_cluster(account, subnet_group=subnet_group(2))

    lines = planned(clients, chosen).lines()
    launch(clients, chosen)

    group = ingress.find_group(clients, names_of(account))
    assert group is not None
    assert f"in subnet group group-2 in {group['VpcId']}; allowed networks: none" in lines[3]
    assert the_cluster(clients, account)["ClusterSubnetGroupName"] == "group-2"


def test_a_subnet_group_that_is_not_there_is_named_by_the_plan(clients: Clients, account: Config) -> None:
    with pytest.raises(ProvisionError, match="no cluster subnet group nowhere in us-west-2"):
        planned(clients, with_cluster(account, subnet_group="nowhere"))


def test_a_private_cluster_gets_no_address_on_the_internet(clients: Clients, account: Config) -> None:
    launch(clients, account)
    names = names_of(account)

    lifecycle.configure(clients, names, ["10.0.0.0/16"], POLLER, Silent(), is_public=False)
    private = the_cluster(clients, account)["PubliclyAccessible"]
    lifecycle.configure(clients, names, [], POLLER, Silent())
    lifecycle.configure(clients, names, [], POLLER, Silent(), is_public=False)

    assert (private, the_cluster(clients, account)["PubliclyAccessible"]) == (False, False)
    assert lifecycle.lets_in(clients, names) == ["10.0.0.0/16"]
    assert (
        planned(clients, with_cluster(account, public="no"))
        .lines()[3]
        .endswith("; private: reached by VPN or tunnel")
    )


def test_nodes_that_the_region_does_not_sell_are_refused_by_the_plan(
    clients: Clients, account: Config, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator.clusters, "not_sold", ("rg.large", "rg.xlarge"))

    with pytest.raises(ProvisionError, match=r"no multi-node cluster of rg\.large\..*: ra3\.16xlarge"):
        planned(clients, account)
    with pytest.raises(ProvisionError, match=r"no single-node cluster of ra3\.4xlarge"):
        cluster.require_orderable(clients, Size("ra3.4xlarge", 1))


def test_a_scratch_bucket_of_another_account_is_neither_used_nor_deleted(
    clients: Clients, account: Config, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = names_of(account)
    bucket = names.bucket(ACCOUNT, REGION)
    emulator.account.make_bucket(bucket)
    monkeypatch.setitem(emulator.account.owners, bucket, "210987654321")

    for act in (lambda: launch(clients, account), lambda: scratch.stands(clients, bucket)):
        with pytest.raises(ProvisionError, match=rf"{bucket} is another account's, not {ACCOUNT}'s"):
            act()

    monkeypatch.undo()
    emulator.account._s3.delete_bucket(bucket)


def test_every_call_for_a_bucket_of_ours_names_its_owner(clients: Clients, account: Config) -> None:
    asked: list[tuple[str, Any]] = []
    clients.s3.meta.events.register(
        "before-call.s3",
        lambda model, params, **_: asked.append(
            (model.name, params["headers"].get("x-amz-expected-bucket-owner"))
        ),
    )

    launch(clients, account)
    boto3.client("s3").put_object(Bucket=names_of(account).bucket(ACCOUNT, REGION), Key="left", Body=b"")
    lifecycle.delete(clients, names_of(account), "", POLLER, Silent())

    owners = {name: owner for name, owner in asked if name not in ("CreateBucket", "ListBuckets")}
    assert {"DeleteBucket", "DeleteObjects", "PutBucketTagging", "GetBucketTagging"} <= owners.keys()
    assert set(owners.values()) == {ACCOUNT}


@pytest.mark.parametrize(
    ("environ", "region"),
    [
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-north-1"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-north-1"}, "eu-north-1"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-north-1"}, "eu-north-1"),
        ({}, "us-west-2"),
    ],
)
def test_the_region_is_the_one_that_the_aws_cli_would_take(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], region: str
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    assert make_clients().region == region
    assert make_clients("sa-east-1").region == "sa-east-1"
    assert (session().region_name or "us-west-2") == region


@pytest.mark.parametrize(
    ("region", "partition"),
    [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn"), ("eu-west-1", "aws")],
)
def test_arns_are_those_of_the_partition(emulator: Emulator, region: str, partition: str) -> None:
    clients = make_clients(region)
    documents: list[Any] = []
    clients.redshift.meta.events.register(
        "before-call.redshift.CreateTags", lambda params, **_: documents.append(params["body"])
    )

    managed = role.managed(clients, "AmazonS3ReadOnlyAccess")
    statements = role.read_only(clients.partition, ["music"])["Statement"]
    with pytest.raises(clients.redshift.exceptions.ClientError):
        cluster.extend(clients, Names("any", region), {"expires": "never"})

    assert managed == f"arn:{partition}:iam::aws:policy/AmazonS3ReadOnlyAccess"
    assert statements[1]["Resource"] == [f"arn:{partition}:s3:::music/*"]
    assert documents[0]["ResourceName"] == f"arn:{partition}:redshift:{region}:{ACCOUNT}:cluster:any"


@pytest.mark.parametrize(
    ("region", "serving"),
    [("us-west-2", "us-east-1"), ("eu-north-1", "eu-central-1"), ("ap-southeast-2", "ap-south-1"),
     ("sa-east-1", "us-east-1"), ("cn-north-1", "cn-northwest-1"), ("us-gov-west-1", None)],
)  # fmt: skip
def test_the_price_list_is_asked_where_it_is_served(
    emulator: Emulator, region: str, serving: str | None
) -> None:
    asked = make_clients(region).pricing

    assert (asked.meta.region_name if asked else None) == serving


def test_a_price_is_awss_own_else_the_tables_where_it_holds_else_none(clients: Clients) -> None:
    blind = having(clients, pricing=None)

    assert price.rate(clients, "rg.xlarge") == Rate(0.7602, "USD", "by AWS's price list")
    assert price.rate(clients, price.RPU) == Rate(0.36, "USD", "by AWS's price list")
    tabled = price.rate(blind, "rg.4xlarge")
    assert tabled is not None
    assert (tabled.amount, tabled.source) == (
        3.04267, "as of November 2026 for us-east-1, us-east-2, us-west-2",
    )  # fmt: skip
    assert price.rate(having(blind, region="eu-west-1"), "rg.4xlarge") is None
    assert price.rate(having(clients, region="eu-west-1"), "rg.4xlarge") is None
    assert price.rate(blind, price.RPU) is None
    assert Size("rg.large", 2).price.startswith("price unknown to us")


def test_a_price_list_that_refuses_or_answers_nonsense_stops_nobody(clients: Clients) -> None:
    class Odd:
        def get_paginator(self, _: str) -> "Odd":
            return self

        def paginate(self, **_: Any) -> Any:
            return [{"PriceList": ["[]"]}]

    found = price.rate(having(clients, pricing=Odd()), "rg.large")

    assert found is not None
    assert found.source.startswith("as of November 2026")


def test_a_price_in_another_currency_is_not_called_usd() -> None:
    size = Size("rg.large", 2, Rate(2.5, "CNY", "by AWS's price list"))

    assert (size.price, size.usd_per_hour) == ("about 5.00 CNY/h", None)


def test_a_plan_without_a_known_price_says_none(account: Config) -> None:
    launch = plan.plan_launch(account, Names("sparkify", "eu-west-1"), plan.CurrentState(), None, NOW)

    assert "price unknown to us" in launch.lines()[0]
    assert "USD" not in "\n".join(launch.lines())


def test_a_source_of_another_account_is_refused_if_its_owner_is_configured(
    clients: Clients, account: Config, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = f"{account.cluster.name}-music"
    emulator.account.put(bucket, "app/song_data/a.json", b"{}")
    theirs = replace(account.s3, owner="210987654321")

    assert len(list_source(replace(account.s3, owner=ACCOUNT))) == 1
    with pytest.raises(RemoteError, match=f"{bucket} is not of account 210987654321"):
        list_source(theirs)
    monkeypatch.setitem(emulator.account.owners, bucket, "210987654321")
    assert len(list_source(theirs)) == 1


@pytest.mark.parametrize(
    ("variable", "value"),
    [("S3__OWNER", "me"), ("CLUSTER__DATABASE", "a" * 65), ("CLUSTER__USER", "public"),
     ("CLUSTER__USER", "_a"),
     ("CLUSTER__PUBLIC", "maybe"), ("CLUSTER__SUBNET_GROUP", "a/b"), ("CLUSTER__RPU", "few")],
)  # fmt: skip
def test_a_setting_that_aws_would_not_take_is_refused(variable: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"SPARKIFY_{variable}"):
        load_config(environ={f"SPARKIFY_{variable}": value})
