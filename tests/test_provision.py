"""An account with nothing in it, a cluster, and nothing again, whatever breaks off between."""

import datetime as dt
from dataclasses import replace
from typing import Any

import boto3
import pytest

from sparkify.aws import Clients
from sparkify.config import Config, Iam
from sparkify.emulator.service import Emulator
from sparkify.errors import ProvisionError
from sparkify.progress import Silent
from sparkify.provision import ingress, lifecycle, role
from sparkify.provision.status import status
from tests.accounts import NOW, POLLER, Killed, Mortal, launch, names_of, tags, the_cluster
from tests.torture import times

EVERY = times(2, 1)
"""Killed after every so many calls: in the short form the two launches take turns."""


def is_up(clients: Clients, config: Config) -> bool | None:
    """True when the cluster is available, whoever owns it."""
    return the_cluster(clients, config)["ClusterStatus"] == "available" or None


def is_gone(clients: Clients, config: Config) -> bool | None:
    """True when the cluster is not there any more, whoever owns it; for `Poller.until`."""
    found = clients.redshift.describe_clusters()["Clusters"]
    return config.cluster.name not in [one["ClusterIdentifier"] for one in found] or None


def test_a_cluster_is_launched_closed_encrypted_and_tagged(clients: Clients, account: Config) -> None:
    told = launch(clients, account, dt.timedelta(hours=8))

    found = the_cluster(clients, account)
    assert found["ClusterStatus"] == "available"
    assert found["Encrypted"]
    assert not found["PubliclyAccessible"]
    assert found["MasterPasswordSecretArn"]
    assert (found["NodeType"], found["NumberOfNodes"]) == ("rg.large", 2)
    assert tags(found["Tags"]) == {
        "project": "sparkify", "cluster": account.cluster.name, "region": "us-west-2",
        "created": "2026-11-25T12:00:00+00:00", "expires": "2026-11-25T20:00:00+00:00",
    }  # fmt: skip
    names = names_of(account)
    group = ingress.find_group(clients, names)
    assert group is not None
    assert ingress.open_cidrs(group) == []
    assert tags(group["Tags"])["project"] == "sparkify"
    bucket = f"{names.group}-scratch-123456789012-us-west-2"
    assert tags(clients.s3.get_bucket_tagging(Bucket=bucket)["TagSet"])["cluster"] == account.cluster.name
    assert clients.s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"][
        "BlockPublicAcls"
    ]
    assert told.steps[-1] == "the cluster is available"


def test_the_role_may_read_the_configured_buckets_and_nothing_else(clients: Clients, account: Config) -> None:
    launch(clients, account)

    name = names_of(account).role
    document = clients.iam.get_role_policy(RoleName=name, PolicyName=role.INLINE)["PolicyDocument"]
    statements: Any = document["Statement"]
    bucket = f"{account.cluster.name}-music"
    scratch = f"{names_of(account).group}-scratch-123456789012-us-west-2"
    assert {action for one in statements for action in one["Action"]} == {
        "s3:ListBucket", "s3:GetBucketLocation", "s3:GetObject",
    }  # fmt: skip
    assert {place for one in statements for place in one["Resource"]} == {
        f"arn:aws:s3:::{one}{end}" for one in (bucket, scratch) for end in ("", "/*")
    }
    trust: Any = clients.iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Principal"] == {"Service": "redshift.amazonaws.com"}


def test_the_role_can_have_a_policy_of_awss_own(clients: Clients, account: Config) -> None:
    launch(clients, replace(account, iam=Iam(policy="AmazonS3ReadOnlyAccess")))

    attached = clients.iam.list_attached_role_policies(RoleName=names_of(account).role)
    assert [one["PolicyName"] for one in attached["AttachedPolicies"]] == ["AmazonS3ReadOnlyAccess"]


def test_a_launch_killed_after_any_call_is_finished_by_the_next_and_removed_by_delete(
    clients: Clients, account: Config
) -> None:
    names = names_of(account)
    mortal = Mortal()
    for calls in range(1, 200, EVERY):
        try:
            launch(mortal.after(calls), account)
        except Killed:
            pass
        else:
            break
        launch(clients, account)
        assert the_cluster(clients, account)["ClusterStatus"] == "available"
        assert lifecycle.delete(clients, names, "", POLLER, Silent()) == []

    assert 15 < calls < 199, "the launch makes more calls than were tried"


def test_a_launch_killed_after_any_call_is_fully_removed_by_delete(clients: Clients, account: Config) -> None:
    mortal = Mortal()
    for calls in range(EVERY, 200, EVERY):
        try:
            launch(mortal.after(calls), account)
        except Killed:
            pass
        else:
            break

        assert lifecycle.delete(clients, names_of(account), "", POLLER, Silent()) == []

    assert 15 < calls < 199


def test_a_delete_killed_after_any_call_is_finished_by_the_next(clients: Clients, account: Config) -> None:
    names = names_of(account)
    mortal = Mortal()
    for calls in range(1, 200, EVERY):
        launch(clients, account)
        lifecycle.configure(clients, names, ["127.0.0.1/32"], POLLER, Silent())
        try:
            lifecycle.delete(mortal.after(calls), names, "", POLLER, Silent())
        except Killed:
            pass
        else:
            break

        assert lifecycle.delete(clients, names, "", POLLER, Silent()) == []

    assert 15 < calls < 199


def test_launching_again_changes_nothing_but_the_time_to_live(clients: Clients, account: Config) -> None:
    launch(clients, account)
    before = the_cluster(clients, account)

    launch(clients, account, dt.timedelta(hours=2))

    after = the_cluster(clients, account)
    assert after["ClusterCreateTime"] == before["ClusterCreateTime"]
    assert tags(after["Tags"])["expires"] == "2026-11-25T14:00:00+00:00"
    found = status(clients, names_of(account), NOW + dt.timedelta(hours=3))
    assert found.is_expired
    assert not status(clients, names_of(account), NOW).is_expired


def test_names_that_are_taken_by_others_stop_a_launch_before_anything_is_made(
    clients: Clients, account: Config
) -> None:
    names = names_of(account)
    clients.iam.create_role(RoleName=names.role, AssumeRolePolicyDocument="{}")
    try:
        with pytest.raises(ProvisionError, match="exists and is not ours"):
            launch(clients, account)
        with pytest.raises(ProvisionError, match="exists and is not ours"):
            lifecycle.delete(clients, names, "", POLLER, Silent())
        assert ingress.find_group(clients, names) is None
        assert "Role" in clients.iam.get_role(RoleName=names.role)
    finally:
        clients.iam.delete_role(RoleName=names.role)


def test_a_cluster_of_somebody_else_is_neither_adopted_nor_deleted(clients: Clients, account: Config) -> None:
    names = names_of(account)
    clients.redshift.create_cluster(
        ClusterIdentifier=names.cluster, NodeType="rg.large", NumberOfNodes=2, MasterUsername="other",
        MasterUserPassword="Only4Tests",
    )  # fmt: skip
    try:
        for act in (
            lambda: launch(clients, account),
            lambda: lifecycle.delete(clients, names, "", POLLER, Silent()),
            lambda: lifecycle.pause(clients, names, POLLER, Silent()),
            lambda: lifecycle.configure(clients, names, [], POLLER, Silent()),
        ):
            with pytest.raises(ProvisionError, match="is not ours"):
                act()
        assert the_cluster(clients, account)["MasterUsername"] == "other"
    finally:
        POLLER.until("it being up", lambda: is_up(clients, account))
        clients.redshift.delete_cluster(ClusterIdentifier=names.cluster, SkipFinalClusterSnapshot=True)
        POLLER.until("it being gone", lambda: is_gone(clients, account))


def test_configure_lets_one_network_in_and_makes_the_cluster_reachable(
    clients: Clients, account: Config
) -> None:
    launch(clients, account)
    names = names_of(account)

    first = lifecycle.configure(clients, names, ["203.0.113.7/32"], POLLER, Silent())
    again = lifecycle.configure(clients, names, ["203.0.113.7/32"], POLLER, Silent())

    assert (first, again) == (["203.0.113.7/32"], [])
    assert the_cluster(clients, account)["PubliclyAccessible"]
    group = ingress.find_group(clients, names)
    assert group is not None
    rules = group["IpPermissions"]
    assert [(r["IpProtocol"], r["FromPort"], r["ToPort"]) for r in rules] == [("tcp", 5439, 5439)]
    assert ingress.open_cidrs(group) == ["203.0.113.7/32"]
    default = clients.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])
    assert all(not ingress.open_cidrs(one) for one in default["SecurityGroups"])


def test_close_takes_rules_back(clients: Clients, account: Config) -> None:
    launch(clients, account)
    names = names_of(account)
    lifecycle.configure(
        clients, names, ["203.0.113.7/32", "198.51.100.0/24", "2001:db8::/32"], POLLER, Silent()
    )

    assert lifecycle.close(clients, names, ["198.51.100.0/24"]) == ["198.51.100.0/24"]
    assert lifecycle.close(clients, names, []) == ["2001:db8::/32", "203.0.113.7/32"]
    group = ingress.find_group(clients, names)
    assert group is not None
    assert ingress.open_cidrs(group) == []


def test_a_cluster_that_takes_connections_without_tls_stays_closed(
    clients: Clients, account: Config, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch(clients, account)
    monkeypatch.setattr(emulator.clusters, "requires_tls", False)
    names = names_of(account)

    with pytest.raises(ProvisionError, match="require_ssl"):
        lifecycle.configure(clients, names, ["203.0.113.7/32"], POLLER, Silent())

    group = ingress.find_group(clients, names)
    assert group is not None
    assert ingress.open_cidrs(group) == []


def test_pause_and_resume_can_be_repeated(clients: Clients, account: Config) -> None:
    launch(clients, account)
    names = names_of(account)

    for _ in range(2):
        lifecycle.pause(clients, names, POLLER, Silent())
    rows = dict(status(clients, names, NOW).rows())
    with pytest.raises(ProvisionError, match="sparkify cluster resume"):
        launch(clients, account)
    for _ in range(2):
        lifecycle.resume(clients, names, POLLER, Silent())

    assert (rows["status"], rows["price"]) == ("paused", "storage only while it is paused")
    assert the_cluster(clients, account)["ClusterStatus"] == "available"


def test_delete_keeps_a_snapshot_if_asked_and_tells_of_others(clients: Clients, account: Config) -> None:
    names = names_of(account)
    launch(clients, account)
    clients.redshift.create_cluster_snapshot(
        SnapshotIdentifier=f"{names.cluster}-old", ClusterIdentifier=names.cluster
    )

    left = lifecycle.delete(clients, names, f"{names.cluster}-last", POLLER, Silent())

    assert left == []
    assert list(lifecycle.snapshots(clients, names)) == [f"{names.cluster}-last", f"{names.cluster}-old"]
    for one in ("old", "last"):
        clients.redshift.delete_cluster_snapshot(SnapshotIdentifier=f"{names.cluster}-{one}")


def test_delete_finds_a_scratch_bucket_of_another_region(clients: Clients, account: Config) -> None:
    launch(clients, account)
    name = names_of(account).bucket("123456789012", "eu-west-1")
    boto3.client("s3", region_name="eu-west-1").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )

    lifecycle.delete(clients, names_of(account), "", POLLER, Silent())

    assert name not in [one["Name"] for one in clients.s3.list_buckets()["Buckets"]]
