"""A cluster on the stand-in, made by hand: what `sparkify cluster launch` does is tested elsewhere."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from sparkify.engines.redshift import Address, Redshift
from sparkify.engines.redshift_stage import Copying
from sparkify.standin.account import REGION
from sparkify.standin.service import StandIn

BUCKET = "sparkify-test"
TRUST = {"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}
READ = {
    "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:ListBucket"],
    "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
}


@dataclass
class Cluster:
    """How to reach it."""

    address: Address
    role: str

    def connect(self, schema: str, **options: Any) -> Redshift:
        """An engine on a schema of its own."""
        own = {name: options.pop(name) for name in ("compact", "jsonpaths") if name in options}
        copying = Copying(self.role, f"s3://{BUCKET}/scratch", **own)
        return Redshift(lambda: self.address, copying, schema=schema, **options)


def upload(standin: StandIn, prefix: str, folder: Path) -> str:
    """Copy the song and log files of a folder into the bucket; return their source."""
    for name in ("song_data", "log_data"):
        for file in (folder / name).rglob("*.json"):
            standin.account.put(BUCKET, f"{prefix}/{file.relative_to(folder).as_posix()}", file.read_bytes())
    return f"s3://{BUCKET}/{prefix}"


def launch(standin: StandIn) -> Cluster:
    """Launch a cluster and wait for it."""
    policy = {"Version": "2012-10-17"}
    iam, ec2, redshift = (boto3.client(name) for name in ("iam", "ec2", "redshift"))
    boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    role = iam.create_role(
        RoleName="test", AssumeRolePolicyDocument=json.dumps(policy | {"Statement": [TRUST]})
    )["Role"]["Arn"]
    iam.put_role_policy(
        RoleName="test", PolicyName="read", PolicyDocument=json.dumps(policy | {"Statement": [READ]})
    )
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="test", Description="test", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=5439, ToPort=5439, CidrIp="127.0.0.1/32"
    )
    redshift.create_cluster(
        ClusterIdentifier="test", NodeType="rg.large", NumberOfNodes=2, MasterUsername="admin",
        MasterUserPassword="Only4Tests", DBName="sparkify", IamRoles=[role], VpcSecurityGroupIds=[group],
        PubliclyAccessible=True,
    )  # fmt: skip
    while (found := redshift.describe_clusters(ClusterIdentifier="test")["Clusters"][0])[
        "ClusterStatus"
    ] != "available":
        time.sleep(0.1)
    endpoint = found["Endpoint"]
    return Cluster(Address(endpoint["Address"], endpoint["Port"], "sparkify", "admin", "Only4Tests"), role)
