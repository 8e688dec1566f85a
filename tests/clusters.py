"""A cluster on the emulator, made by hand: what `sparkify cluster launch` does is tested elsewhere."""

import contextlib
import json
import socket
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from sparkify.config import S3
from sparkify.emulator.account import REGION
from sparkify.emulator.service import Emulator
from sparkify.engines.redshift.connect import Address
from sparkify.engines.redshift.copy import CopyOptions
from sparkify.engines.redshift.engine import Redshift
from sparkify.load.run import MaxRejects, Summary, load
from sparkify.progress import Silent
from sparkify.source.listing import list_source
from tests.builders import Record, logged_out, play, song

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
        own = {name: options.pop(name) for name in ("compact",) if name in options}
        copying = CopyOptions(self.role, f"s3://{BUCKET}/scratch", **own)
        return Redshift(lambda: self.address, copying, schema=schema, **options)


def sever(engine: Redshift) -> None:
    """Cut the engine's connection, as a network does."""
    wire = engine._connection
    wire._usock.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        wire._sock.close()
    wire._usock.close()


@contextlib.contextmanager
def cut_at(engine: Redshift, at: int) -> Iterator[list[str]]:
    """Cut the engine's connection before its statement number `at`; yields the statements as they come."""
    run: Any = engine._run
    seen: list[str] = []

    def cutting(sql: str, **options: Any) -> Any:
        seen.append(sql)
        if len(seen) == at:
            sever(engine)
        return run(sql, **options)

    engine._run = cutting  # type: ignore[method-assign]  # the wire is cut here
    try:
        yield seen
    finally:
        engine._run = run  # type: ignore[method-assign]  # as it was


def upload(emulator: Emulator, prefix: str, folder: Path) -> str:
    """Copy the song and log files of a folder into the bucket; return their source."""
    for name in ("song_data", "log_data"):
        for file in (folder / name).rglob("*.json"):
            emulator.account.put(BUCKET, f"{prefix}/{file.relative_to(folder).as_posix()}", file.read_bytes())
    return f"s3://{BUCKET}/{prefix}"


def launch(emulator: Emulator) -> Cluster:
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


class Bucket:
    """A folder in the test's bucket, filled as the app fills it."""

    def __init__(self, emulator: Emulator) -> None:
        self._standin = emulator
        self.prefix = f"app-{uuid.uuid4().hex[:8]}"
        self.uri = f"s3://{BUCKET}/{self.prefix}"

    def log(self, *records: Record | str, day: str = "2018-11-01", end: str = "") -> str:
        lines = [one if isinstance(one, str) else json.dumps(one) for one in records]
        return self.put(f"log_data/{day[:4]}/{day[5:7]}/{day}-events.json{end}", "\n".join(lines).encode())

    def song(self, record: Record) -> str:
        return self.put(f"song_data/A/{record['song_id']}.json", json.dumps(record).encode())

    def put(self, name: str, body: bytes) -> str:
        self._standin.account.put(BUCKET, f"{self.prefix}/{name}", body)
        return f"{self.uri}/{name}"


def load_bucket(engine: Any, uri: str) -> Summary:
    return load(engine, list_source(S3(source=uri)), MaxRejects.parse("1000"), Silent(), lambda _: None)


def fill(bucket: Bucket) -> None:
    """Two days, a malformed line, a wrong type, a repeated record, songs."""
    bucket.song(song())
    bucket.song(song("SO2", title="Revelry", year=2008))
    bucket.log(play(0), play(1, song="Revelry"), "{broken", play(2, ts="soon"), logged_out(itemInSession=9))
    bucket.log(play(3), play(0), day="2018-11-02")
