"""The account around the emulator's clusters: what takes time takes time, and the door is locked."""

import gc
from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import ClientError

from sparkify.emulator.service import Emulator
from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import RemoteError
from tests.clusters import Cluster


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the driver leaves its socket
def test_a_new_cluster_is_not_there_at_once_and_lets_nobody_in(
    emulator: Emulator, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    redshift = boto3.client("redshift")
    ordered = {
        "ClusterIdentifier": "strict", "NumberOfNodes": 2, "MasterUsername": "admin",
        "MasterUserPassword": "Only4Tests", "PubliclyAccessible": True,
    }  # fmt: skip
    group = boto3.client("ec2").create_security_group(GroupName="strict", Description="none")["GroupId"]
    with pytest.raises(ClientError, match=r"Invalid node type: dc2\.large"):
        redshift.create_cluster(NodeType="dc2.large", **ordered)

    monkeypatch.setattr(emulator.clusters, "seconds", 3600)
    made = redshift.create_cluster(NodeType="rg.large", VpcSecurityGroupIds=[group], **ordered)
    early = redshift.describe_clusters(ClusterIdentifier="strict")["Clusters"][0]
    monkeypatch.setattr(emulator.clusters, "seconds", 0)
    found = redshift.describe_clusters(ClusterIdentifier="strict")["Clusters"][0]
    address = replace(cluster.address, port=found["Endpoint"]["Port"])

    assert [one["ClusterStatus"] for one in (made["Cluster"], early, found)] == [
        "creating", "creating", "available",
    ]  # fmt: skip
    with pytest.raises(RemoteError, match="cannot be reached"):
        Redshift(lambda: address, None)  # type: ignore[arg-type]  # nothing is copied
    redshift.delete_cluster(ClusterIdentifier="strict", SkipFinalClusterSnapshot=True)
    gc.collect()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the driver leaves its socket
def test_only_tls_and_the_right_password_get_in(cluster: Cluster) -> None:
    wrong = replace(cluster.address, password="Wrong1Word")
    elsewhere = replace(cluster.address, host="127.0.0.1")

    with pytest.raises(RemoteError, match="refuses the login of admin"):
        Redshift(lambda: wrong, None)  # type: ignore[arg-type]  # nothing is copied
    with pytest.raises(RemoteError, match="certificate"):
        Redshift(lambda: elsewhere, None)  # type: ignore[arg-type]  # nothing is copied
    gc.collect()
