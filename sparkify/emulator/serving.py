"""The emulator as a server for any client: a cluster that is ready, a bucket, and what a client must know.

A client needs nothing of Sparkify: a PostgreSQL or Redshift driver for SQL, any AWS SDK for the rest.
"""

import contextlib
import json
import shlex
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparkify.emulator.account import HERE, REGION
from sparkify.emulator.service import Emulator, running_emulator

CLUSTER, DATABASE, USER, PASSWORD = "emulator", "dev", "awsuser", "Emulated1"
BUCKET, ROLE = "emulator-data", "emulator-reads-s3"
PORT = 5439
_TRUST = {"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}
_READ = {
    "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:ListBucket"],
    "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"],
}


class PortTaken(Exception):
    """Another process listens at this port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is taken")
        self.port = port


@dataclass(frozen=True)
class Served:
    """What a client must know."""

    port: int
    role: str
    aws: Mapping[str, str]
    """The environment of a process that is to find this AWS and no other."""

    @property
    def conninfo(self) -> str:
        """A connection string, as psql and every libpq client take it."""
        return (
            f"host=localhost port={self.port} dbname={DATABASE} user={USER} password={PASSWORD} "
            "sslmode=require"
        )

    @property
    def environment(self) -> dict[str, str]:
        """Variables for libpq's clients and for the AWS SDKs."""
        return {
            "PGHOST": "localhost", "PGPORT": str(self.port), "PGDATABASE": DATABASE,
            "PGUSER": USER, "PGPASSWORD": PASSWORD, "PGSSLMODE": "require",
            **self.aws,
        }  # fmt: skip

    def described(self) -> dict[str, Any]:
        """The same for a program."""
        return {
            "host": "localhost", "port": self.port, "database": DATABASE, "user": USER, "password": PASSWORD,
            "sslmode": "require", "sslrootcert": self.aws["SSL_CERT_FILE"], "cluster": CLUSTER,
            "iam_role": self.role, "bucket": f"s3://{BUCKET}", "region": REGION,
            "endpoint_url": self.aws["AWS_ENDPOINT_URL"],
        }  # fmt: skip


def exports(environment: Mapping[str, str]) -> str:
    """Variables as a shell takes them.

    >>> print(exports({"A": "1", "B": "two words"}))
    export A=1
    export B='two words'
    """
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items())


@contextlib.contextmanager
def serving(files: Mapping[str, Path], port: int = PORT) -> Iterator[Served]:
    """The emulator with these files in its bucket, SQL at `port` and AWS at the next; 0 takes free ports.

    Raises PortTaken, PostgresMissing.
    """
    aws_port = port + 1 if port else 0
    for one in (port, aws_port):
        _require_free(one)
    with running_emulator(0, aws_port) as emulator:
        emulator.fill(BUCKET, files)
        emulator.clusters.host.next_port = port
        yield _launch(emulator)


def _launch(emulator: Emulator) -> Served:
    """A cluster that is open to this machine, and may read the bucket."""
    import boto3

    keys = {"aws_access_key_id": "emulator", "aws_secret_access_key": "emulator", "region_name": REGION}
    iam, ec2, redshift = (
        boto3.client(name, endpoint_url=emulator.url, **keys)  # type: ignore[call-overload]  # three of many
        for name in ("iam", "ec2", "redshift")
    )
    policy: dict[str, Any] = {"Version": "2012-10-17"}
    trust, read = (json.dumps(policy | {"Statement": [one]}) for one in (_TRUST, _READ))
    role = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName=ROLE, PolicyName="read", PolicyDocument=read)
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName=CLUSTER, Description=CLUSTER, VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=PORT, ToPort=PORT, CidrIp=f"{HERE}/32"
    )
    redshift.create_cluster(
        ClusterIdentifier=CLUSTER, ClusterType="multi-node", NodeType="rg.large", NumberOfNodes=2,
        DBName=DATABASE, MasterUsername=USER, MasterUserPassword=PASSWORD, PubliclyAccessible=True,
        IamRoles=[role], VpcSecurityGroupIds=[group],
    )  # fmt: skip
    while "Endpoint" not in (found := redshift.describe_clusters(ClusterIdentifier=CLUSTER)["Clusters"][0]):
        time.sleep(0.05)
    return Served(found["Endpoint"]["Port"], role, emulator.environment)


def _require_free(port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise PortTaken(port) from error
