"""The scratch bucket: manifests and gathered parts, for the time of a COPY.

Every call names the account that must own it (AWS: "Verifying bucket ownership with bucket owner
condition"): a bucket that somebody else made under our name, after ours was deleted, is refused with 403.
Only CreateBucket and ListBuckets have no such condition. The bucket takes requests by TLS alone, also from
those who may use it (AWS: "Protecting data in transit with encryption").
"""

import json
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
    own = _own(clients, bucket)
    if not exists(clients, names, region):
        where: dict[str, Any] = (
            {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        )
        clients.s3.create_bucket(Bucket=bucket, **where)
    clients.s3.put_bucket_tagging(**own, Tagging={"TagSet": as_list(tags)})
    clients.s3.put_public_access_block(
        **own,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True, "IgnorePublicAcls": True,
            "BlockPublicPolicy": True, "RestrictPublicBuckets": True,
        },
    )  # fmt: skip
    clients.s3.put_bucket_policy(**own, Policy=json.dumps(tls_only(clients.partition, bucket)))
    clients.s3.put_bucket_lifecycle_configuration(
        **own,
        LifecycleConfiguration={
            "Rules": [
                {"ID": "forget", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": DAYS}}
            ]
        },
    )
    return bucket


def tls_only(partition: str, bucket: str) -> dict[str, Any]:
    """A bucket policy that denies everything to requests without TLS."""
    arn = f"arn:{partition}:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }],
    }  # fmt: skip


def exists(clients: Clients, names: Names, region: str) -> bool:
    """Whether the scratch bucket of a region is there. Raises ProvisionError if it is not ours."""
    bucket = _name(clients, names, region)
    if not stands(clients, bucket):
        return False
    _require_ours(clients, names, bucket)
    return True


def stands(clients: Clients, bucket: str) -> bool:
    """Whether there is such a bucket. Raises ProvisionError if it is another account's."""
    try:
        clients.s3.head_bucket(**_own(clients, bucket))
    except clients.s3.exceptions.ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 404:
            return False
        if status == 403 and _may_be_seen(clients, bucket):
            raise ProvisionError(
                f"the bucket {bucket} is another account's, not {clients.account}'s. Rename [CLUSTER] NAME, "
                "or give [REDSHIFT] SCRATCH."
            ) from error
        raise
    return True


def _may_be_seen(clients: Clients, bucket: str) -> bool:
    """Whether a bucket answers if nobody asks whose it is."""
    try:
        clients.s3.head_bucket(Bucket=bucket)
    except clients.s3.exceptions.ClientError:
        return False
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
        return clients.s3.get_bucket_tagging(**_own(clients, bucket))["TagSet"]
    except clients.s3.exceptions.ClientError as error:
        if code(error) != "NoSuchTagSet":
            raise
        return []


def delete_buckets(clients: Clients, names: Names) -> None:
    """Empty and delete the scratch buckets."""
    for bucket in find_buckets(clients, names):
        own = _own(clients, bucket)
        for page in clients.s3.get_paginator("list_objects_v2").paginate(**own):
            keys: Any = [{"Key": found["Key"]} for found in page.get("Contents", [])]
            if keys:
                clients.s3.delete_objects(**own, Delete={"Objects": keys})
        clients.s3.delete_bucket(**own)


def _require_ours(clients: Clients, names: Names, bucket: str) -> None:
    """A bucket without tags is ours if it is empty: its name holds the account, and a launch may have
    broken off before it was tagged."""
    tags = bucket_tags(clients, bucket)
    if region := names.elsewhere(tags):
        raise ProvisionError(
            f"the bucket {bucket} belongs to the cluster {names.cluster} in {region}. Rename [CLUSTER] NAME, "
            "or give [REDSHIFT] SCRATCH."
        )
    is_empty = "Contents" not in clients.s3.list_objects_v2(**_own(clients, bucket), MaxKeys=1)
    if not names.owns(tags) and (tags or not is_empty):
        raise ProvisionError(
            f"the bucket {bucket} exists and is not ours: it lacks our tags. Rename [CLUSTER] NAME."
        )


def _name(clients: Clients, names: Names, region: str) -> str:
    return names.bucket(clients.account, region)


def _own(clients: Clients, bucket: str) -> Any:
    """A bucket that must be ours."""
    return {"Bucket": bucket, "ExpectedBucketOwner": clients.account}
