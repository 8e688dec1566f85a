"""What a launch, a delete or a door must take care of: other regions, other rules, other people's things."""

import datetime as dt
from dataclasses import replace
from typing import Any

import boto3
import pytest

from sparkify.aws import Clients, make_clients
from sparkify.config import Config, Iam, Redshift
from sparkify.emulator.account import REGION
from sparkify.errors import ConfigError, ProvisionError
from sparkify.progress import Silent
from sparkify.provision import ingress, lifecycle, plan, role, scratch
from sparkify.provision.cluster import check_snapshot
from sparkify.provision.deployment import Deployment
from sparkify.provision.names import Names
from sparkify.provision.price import Rate, Size
from sparkify.provision.status import status
from sparkify.provision.target import find_target, require_scratch
from tests.accounts import NOW, POLLER, Killed, launch, left, names_of, planned, the_cluster

A_CLUSTER = Deployment(
    "cluster", "sparkify", "available", Size("rg.large", 2), {}, "", 0, "", "", "", (), True, {}
)
HOUR = dt.timedelta(hours=1)
ALL = ["cluster", "security group", "bucket", "role", "secret"]


def test_what_is_left_names_every_kind_of_thing(clients: Clients, account: Config) -> None:
    launch(clients, account)

    assert left(clients, names_of(account)) == ALL


def test_a_cluster_of_the_same_name_in_another_region_is_not_touched(
    clients: Clients, account: Config
) -> None:
    launch(clients, account)
    elsewhere = make_clients("eu-west-1")
    names = Names(account.cluster.name, "eu-west-1")

    assert left(elsewhere, names) == []
    assert lifecycle.delete(elsewhere, names, "", POLLER, Silent()) == []
    assert left(clients, names_of(account)) == ALL
    with pytest.raises(ProvisionError, match=f"belongs to the cluster {names.cluster} in us-west-2"):
        launch(elsewhere, account)


def test_a_bucket_of_our_name_that_is_not_ours_is_neither_adopted_nor_emptied(
    clients: Clients, account: Config
) -> None:
    names = names_of(account)
    bucket = names.bucket("123456789012", REGION)
    clients.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    clients.s3.put_object(Bucket=bucket, Key="theirs", Body=b"")
    try:
        for act in (
            lambda: launch(clients, account),
            lambda: lifecycle.delete(clients, names, "", POLLER, Silent()),
        ):
            with pytest.raises(ProvisionError, match=f"{bucket} exists and is not ours"):
                act()
        assert clients.s3.get_object(Bucket=bucket, Key="theirs")["Body"].read() == b""
    finally:
        clients.s3.delete_object(Bucket=bucket, Key="theirs")


def test_every_thing_lives_as_long_as_the_latest_launch_says(clients: Clients, account: Config) -> None:
    launch(clients, account)
    launch(clients, account, 2 * HOUR)

    launch(clients, account)

    ends = {
        one.what.rpartition(" ")[0]: one.expires for one in lifecycle.left_over(clients, names_of(account))
    }
    assert ends == dict.fromkeys(ALL, "2026-11-25T14:00:00+00:00") | {"secret": ""}


def test_what_is_left_of_a_launch_expires_as_the_cluster_would_have(
    clients: Clients, account: Config
) -> None:
    mortal = make_clients()
    mortal.redshift.meta.events.register("before-call.redshift.CreateCluster", _die)
    with pytest.raises(Killed):
        launch(mortal, account, HOUR)

    there = lifecycle.left_over(clients, names_of(account))

    assert left(clients, names_of(account)) == ["security group", "bucket", "role"]
    assert not lifecycle.is_over(there, NOW)
    assert lifecycle.is_over(there, NOW + 2 * HOUR)


@pytest.mark.parametrize(
    ("ends", "is_over"),
    [
        ({}, False),
        ({"cluster a": "never", "role a": "2026-11-25T11:00:00+00:00"}, False),
        ({"cluster a": "2026-11-25T11:00:00+00:00", "role a": "never"}, True),
        ({"role a": "2026-11-25T11:00:00+00:00", "bucket a": "never"}, False),
        ({"role a": "2026-11-25T11:00:00+00:00", "secret a": ""}, True),
        ({"bucket a": ""}, False),
        ({"cluster a": "", "role a": "2026-11-25T11:00:00+00:00"}, False),
    ],
)
def test_the_cluster_says_when_its_time_is_over_and_without_one_all_that_is_left(
    ends: dict[str, str], is_over: bool
) -> None:
    assert lifecycle.is_over([lifecycle.Left(*item) for item in ends.items()], NOW) is is_over


def test_rules_of_others_are_shown_and_block_neither_door_nor_delete(
    clients: Clients, account: Config
) -> None:
    launch(clients, account)
    names = names_of(account)
    group = ingress.find_group(clients, names)
    assert group is not None
    for protocol, port, cidr in (("tcp", 22, "203.0.113.7/32"), ("-1", None, "198.51.100.0/24")):
        ports: Any = {"FromPort": port, "ToPort": port} if port else {}
        clients.ec2.authorize_security_group_ingress(
            GroupId=group["GroupId"],
            IpPermissions=[{"IpProtocol": protocol, "IpRanges": [{"CidrIp": cidr}], **ports}],
        )

    before = lifecycle.lets_in(clients, names)
    new = lifecycle.configure(clients, names, ["203.0.113.7/32"], POLLER, Silent())
    shut = lifecycle.close(clients, names, ["203.0.113.7/32", "192.0.2.1/32"])

    assert (before, new, shut) == (["198.51.100.0/24"], ["203.0.113.7/32"], ["203.0.113.7/32"])
    assert lifecycle.lets_in(clients, names) == ["198.51.100.0/24"]
    revoked: list[Any] = []
    clients.ec2.meta.events.register(
        "before-call.ec2.RevokeSecurityGroupIngress", lambda params, **_: revoked.append(params["body"])
    )
    assert lifecycle.delete(clients, names, "", POLLER, Silent()) == []
    assert len(revoked) == 1


def test_close_leaves_no_kind_of_rule_and_says_what_groups_of_others_let_in(
    clients: Clients, account: Config
) -> None:
    """The kinds of rules are those of the EC2 API reference, IpPermission."""
    launch(clients, account)
    names = names_of(account)
    ours = ingress.find_group(clients, names)
    assert ours is not None
    prefix_list = clients.ec2.create_managed_prefix_list(
        PrefixListName="all", MaxEntries=1, AddressFamily="IPv4", Entries=[{"Cidr": "0.0.0.0/0"}]
    )["PrefixList"]["PrefixListId"]
    other = clients.ec2.create_security_group(GroupName="o", Description="o", VpcId=ours["VpcId"])["GroupId"]

    def let_in(group: str, **rule: Any) -> None:
        whole: Any = {"IpProtocol": "tcp", "FromPort": 5000, "ToPort": 6000, **rule}
        clients.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[whole])

    let_in(ours["GroupId"], PrefixListIds=[{"PrefixListId": prefix_list, "Description": "all of them"}])
    let_in(ours["GroupId"], UserIdGroupPairs=[{"GroupId": other}])
    let_in(ours["GroupId"], Ipv6Ranges=[{"CidrIpv6": "::/0"}])
    let_in(other, IpRanges=[{"CidrIp": "0.0.0.0/0"}])
    of_ours = ["::/0", f"prefix list {prefix_list}", f"security group {other}"]
    clients.redshift.modify_cluster(
        ClusterIdentifier=names.cluster, VpcSecurityGroupIds=[ours["GroupId"], other]
    )
    POLLER.until("the cluster", lambda: the_cluster(clients, account)["ClusterStatus"] == "available" or None)
    of_others = f"0.0.0.0/0 (by {other}, which is not ours)"

    for found in (
        lifecycle.lets_in(clients, names),
        status(clients, names, NOW).lets_in,
        list(plan.current_state(clients, account, names).lets_in),
    ):
        assert found == [*of_ours, of_others]
    assert lifecycle.open_cidrs(clients, names) == ["::/0"]
    assert lifecycle.close(clients, names, []) == of_ours
    assert lifecycle.lets_in(clients, names) == [of_others]
    closed = ingress.find_group(clients, names)
    assert closed is not None
    assert closed["IpPermissions"] == []


def test_a_launch_that_is_refused_halfway_says_what_was_made(clients: Clients, account: Config) -> None:
    names = names_of(account)
    refusing = make_clients()
    refusing.redshift.meta.events.register("before-call.redshift.CreateCluster", _over_quota)

    with pytest.raises(ProvisionError, match="quota") as caught:
        launch(refusing, account)

    bucket = names.bucket("123456789012", REGION)
    made = f"Made so far: security group {names.group}, bucket {bucket}, role {names.role}."
    assert made in str(caught.value)
    assert "`sparkify cluster delete`" in str(caught.value)


def test_a_policy_that_does_not_exist_stops_a_launch_before_anything_is_made(
    clients: Clients, account: Config
) -> None:
    with pytest.raises(ProvisionError, match=r"no managed policy AmazonS3ReadOnly\."):
        launch(clients, replace(account, iam=Iam(policy="AmazonS3ReadOnly")))

    assert left(clients, names_of(account)) == []


def test_the_role_may_do_what_the_latest_launch_says_and_the_plan_tells_what_is_lost(
    clients: Clients, account: Config
) -> None:
    name = names_of(account).role
    music = f"{account.cluster.name}-music"
    own = replace(account, redshift=Redshift(scratch=f"s3://{music}/scratch"))
    managed = replace(own, iam=Iam(policy="AmazonS3ReadOnlyAccess"))
    launch(clients, account)

    to_managed = planned(clients, managed).lines()
    launch(clients, managed)
    attached = clients.iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    inline = clients.iam.list_role_policies(RoleName=name)["PolicyNames"]
    to_own = planned(clients, own).lines()
    launch(clients, own)

    assert f"role      {name}, may read AmazonS3ReadOnlyAccess; in place of {music}, " in to_managed[2]
    assert ([one["PolicyName"] for one in attached], inline) == (["AmazonS3ReadOnlyAccess"], [])
    assert to_own[2] == f"role      {name}, may read {music}; no longer AmazonS3ReadOnlyAccess"
    assert to_own[4] == f"scratch   s3://{music}/scratch"
    assert role.may_read(clients, names_of(account)) == [music]


def test_a_launch_with_a_scratch_and_a_role_of_somebody_elses_makes_neither(
    clients: Clients, account: Config
) -> None:
    arn = "arn:aws:iam::123456789012:role/theirs"
    clients.iam.create_role(
        RoleName="theirs", AssumeRolePolicyDocument='{"Service": "redshift.amazonaws.com"}'
    )
    given = replace(account, iam=Iam(arn=arn), redshift=Redshift(scratch="s3://theirs/scratch"))

    launch(clients, given)

    assert left(clients, names_of(account)) == ["cluster", "security group", "secret"]
    assert planned(clients, given).lines()[2] == f"role      {arn}, as it is"


def test_a_plan_says_what_stands_and_stays_as_it_is() -> None:
    standing = plan.CurrentState(
        A_CLUSTER, ["203.0.113.7/32"], ["old", "sparkify-scratch-1-us-west-2", "music"]
    )
    size = Size("rg.large", 2, Rate(0.3801, "USD", "by AWS's price list"))
    launch = plan.Launch(
        Names("sparkify", REGION), size, ["music"], REGION, NOW, standing=standing, database="dev", user="me"
    )

    assert launch.lines() == [
        "cluster   sparkify in us-west-2: 2 x rg.large (about 0.76 USD/h), 18.24 USD/day, it exists already, "
        "and keeps its size",
        "expires   2026-11-25T12:00:00+00:00",
        "role      sparkify-reads-s3-us-west-2, may read music, the scratch bucket; no longer old",
        "network   security group sparkify; allowed networks: 203.0.113.7/32",
        "scratch   a bucket of its own in us-west-2",
        "database  dev, master user me",
    ]


def test_a_name_too_long_for_a_bucket_is_refused_by_the_plan(account: Config) -> None:
    long = replace(account, cluster=replace(account.cluster, name="a" * 40))

    with pytest.raises(ConfigError, match=r"NAME = a+ is 17 too long: the name of its bucket"):
        plan.plan_launch(long, Names("a" * 40, REGION), plan.CurrentState(), None, NOW)


@pytest.mark.parametrize("name", ["bad name!", "1st", "a--b", "a-", "a" * 256])
def test_a_snapshot_has_a_name_that_aws_takes(name: str) -> None:
    check_snapshot("before-the-move-2")

    with pytest.raises(ConfigError, match="is no name for one"):
        check_snapshot(name)


def test_a_secret_of_a_cluster_whose_name_begins_like_ours_is_not_ours(
    clients: Clients, account: Config
) -> None:
    secret = clients.secrets.create_secret(
        Name=f"redshift!{account.cluster.name}-two-admin", SecretString="{}"
    )

    assert left(clients, names_of(account)) == []
    clients.secrets.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)


def test_what_keeps_a_load_from_its_cluster_is_told_with_the_way_out(
    clients: Clients, account: Config
) -> None:
    launch(clients, account)
    require_scratch(clients, account)
    scratch.delete_buckets(clients, names_of(account))
    with pytest.raises(ProvisionError, match=r"no scratch bucket in us-west-2 .* `sparkify cluster launch`"):
        require_scratch(clients, account)

    lifecycle.pause(clients, names_of(account), POLLER, Silent())
    with pytest.raises(ProvisionError, match=r"is paused\. `sparkify cluster resume` resumes it"):
        find_target(clients, account)


@pytest.mark.parametrize(
    ("given", "missing"), [(Redshift(user="me"), "PASSWORD"), (Redshift(password="mine"), "USER")]
)
def test_a_user_and_a_password_go_together(clients: Clients, given: Redshift, missing: str) -> None:
    with pytest.raises(ConfigError, match=f"without {missing}. Set SPARKIFY_REDSHIFT__{missing} too"):
        find_target(clients, Config(redshift=given))


def _die(**_: Any) -> None:
    raise Killed


def _over_quota(**_: Any) -> None:
    error = {"Error": {"Code": "ClusterQuotaExceeded", "Message": "You have 5."}}
    raise boto3.client("redshift").exceptions.ClientError(error, "CreateCluster")
