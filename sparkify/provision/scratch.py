"""The scratch bucket: manifests and gathered parts, for the time of a COPY."""

from collections.abc import Mapping
from typing import Any

from sparkify.aws import Clients, code
from sparkify.errors import ProvisionError
from sparkify.provision.names import Names, as_list

DAYS = 2
"""What a broken run left behind is gone after as many days."""


def ensure_bucket(clients: Clients, names: Names, region: str, tags: Mapping[str, str]) -> str:
    """Return the name of the scratch bucket in `region`, creating it, closed to the public, if need be."""
    bucket = _name(clients, names, region)
    if not exists(clients, names, region):
        where: dict[str, Any] = (
            {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        )
        clients.s3.create_bucket(Bucket=bucket, **where)
    clients.s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": as_list(tags)})
    clients.s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True, "IgnorePublicAcls": True,
            "BlockPublicPolicy": True, "RestrictPublicBuckets": True,
        },
    )  # fmt: skip
    clients.s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={
            "Rules": [
                {"ID": "forget", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": DAYS}}
            ]
        },
    )
    return bucket


def exists(clients: Clients, names: Names, region: str) -> bool:
    """Whether the scratch bucket of a region is there. Raises ProvisionError if it is not ours."""
    bucket = _name(clients, names, region)
    if not stands(clients, bucket):
        return False
    _require_ours(clients, names, bucket)
    return True


def stands(clients: Clients, bucket: str) -> bool:
    """Whether there is such a bucket."""
    try:
        clients.s3.head_bucket(Bucket=bucket)
    except clients.s3.exceptions.ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def find_buckets(clients: Clients, names: Names) -> list[str]:
    """The scratch buckets in all regions: the source, and its region, may have changed since a launch.

    Those of a cluster of the same name in another region are left out.
    """
    prefix = _name(clients, names, "")
    found = [one["Name"] for one in clients.s3.list_buckets()["Buckets"] if one["Name"].startswith(prefix)]
    own = [bucket for bucket in found if not names.elsewhere(bucket_tags(clients, bucket))]
    for bucket in own:
        _require_ours(clients, names, bucket)
    return own


def bucket_tags(clients: Clients, bucket: str) -> Any:
    """The tags of a bucket, none if it has none."""
    try:
        return clients.s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except clients.s3.exceptions.ClientError as error:
        if code(error) != "NoSuchTagSet":
            raise
        return []


def delete_buckets(clients: Clients, names: Names) -> None:
    """Empty and delete the scratch buckets."""
    for bucket in find_buckets(clients, names):
        for page in clients.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            keys: Any = [{"Key": found["Key"]} for found in page.get("Contents", [])]
            if keys:
                clients.s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})
        clients.s3.delete_bucket(Bucket=bucket)


def _require_ours(clients: Clients, names: Names, bucket: str) -> None:
    """A bucket without tags is ours if it is empty: its name holds the account, and a launch may have
    broken off before it was tagged."""
    tags = bucket_tags(clients, bucket)
    if region := names.elsewhere(tags):
        raise ProvisionError(
            f"the bucket {bucket} belongs to the cluster {names.cluster} in {region}. Rename [CLUSTER] NAME, "
            "or give [REDSHIFT] SCRATCH."
        )
    is_empty = "Contents" not in clients.s3.list_objects_v2(Bucket=bucket, MaxKeys=1)
    if not names.owns(tags) and (tags or not is_empty):
        raise ProvisionError(
            f"the bucket {bucket} exists and is not ours: it lacks our tags. Rename [CLUSTER] NAME."
        )


def _name(clients: Clients, names: Names, region: str) -> str:
    return names.bucket(clients.sts.get_caller_identity()["Account"], region)
