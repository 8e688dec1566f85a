"""The role in which the cluster reads buckets: those it must read, and nothing else."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sparkify.aws import Clients
from sparkify.errors import ProvisionError
from sparkify.provision.names import Names, as_list

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import RoleTypeDef

INLINE = "reads-its-buckets"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def ensure_role(
    clients: Clients, names: Names, buckets: Sequence[str], policy: str, tags: Mapping[str, str]
) -> str:
    """Return the ARN of the cluster's role, creating it if there is none.

    The role may read `buckets` and nothing else, or what the AWS managed `policy` allows if one is named:
    whatever else it could do before is taken back. Running it again changes nothing, so a launch that broke
    off halfway can simply be repeated.

    Raises ProvisionError if a role of this name is not ours.
    """
    iam = clients.iam
    role = find_role(clients, names)
    if role is None:
        role = iam.create_role(
            RoleName=names.role,
            AssumeRolePolicyDocument=json.dumps(_TRUST),
            Description="Lets a Redshift cluster read its buckets (sparkify)",
            Tags=as_list(tags),
        )["Role"]
    else:
        iam.tag_role(RoleName=names.role, Tags=as_list({"expires": tags["expires"]}))
    if policy:
        iam.attach_role_policy(RoleName=names.role, PolicyArn=managed(policy))
    else:
        iam.put_role_policy(
            RoleName=names.role, PolicyName=INLINE, PolicyDocument=json.dumps(read_only(buckets))
        )
    for arn in _attached(clients, names):
        if arn != managed(policy):
            iam.detach_role_policy(RoleName=names.role, PolicyArn=arn)
    for name in _inline(clients, names):
        if policy or name != INLINE:
            iam.delete_role_policy(RoleName=names.role, PolicyName=name)
    return role["Arn"]


def may_read(clients: Clients, names: Names) -> list[str]:
    """What the role, if there is one, may read now: buckets, and policies that are not of our making."""
    if find_role(clients, names) is None:
        return []
    found = [arn.partition(":policy/")[2] for arn in _attached(clients, names)]
    for name in _inline(clients, names):
        if name != INLINE:
            found.append(name)
            continue
        document = clients.iam.get_role_policy(RoleName=names.role, PolicyName=name)["PolicyDocument"]
        found += dict.fromkeys(re.findall(r':s3:::([^/"]+)"', json.dumps(document)))
    return found


def require_policy(clients: Clients, policy: str) -> None:
    """Raise ProvisionError if AWS has no managed policy of this name."""
    try:
        clients.iam.get_policy(PolicyArn=managed(policy))
    except clients.iam.exceptions.NoSuchEntityException as error:
        raise ProvisionError(
            f"AWS has no managed policy {policy}. Check [IAM] POLICY, for example AmazonS3ReadOnlyAccess."
        ) from error


def managed(policy: str) -> str:
    """The ARN of a policy of AWS's own."""
    return f"arn:aws:iam::aws:policy/{policy}"


def find_role(clients: Clients, names: Names) -> "RoleTypeDef | None":
    """The cluster's role. Raises ProvisionError if a role of this name is not ours."""
    try:
        role = clients.iam.get_role(RoleName=names.role)["Role"]
    except clients.iam.exceptions.NoSuchEntityException:
        return None
    if not names.owns(role.get("Tags", [])):
        raise ProvisionError(
            f"the role {names.role} exists and is not ours: it lacks our tags. Rename [CLUSTER] NAME."
        )
    return role


def read_only(buckets: Sequence[str]) -> dict[str, Any]:
    """A policy that allows to list these buckets and to read their objects."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
                "Resource": [f"arn:aws:s3:::{bucket}" for bucket in buckets],
            },
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject"],
                "Resource": [f"arn:aws:s3:::{bucket}/*" for bucket in buckets],
            },
        ],
    }


def delete_role(clients: Clients, names: Names) -> None:
    """Detach and delete its policies, then the role; one that is not there is no error."""
    if find_role(clients, names) is None:
        return
    for arn in _attached(clients, names):
        clients.iam.detach_role_policy(RoleName=names.role, PolicyArn=arn)
    for name in _inline(clients, names):
        clients.iam.delete_role_policy(RoleName=names.role, PolicyName=name)
    clients.iam.delete_role(RoleName=names.role)


def _attached(clients: Clients, names: Names) -> list[str]:
    found = clients.iam.list_attached_role_policies(RoleName=names.role)["AttachedPolicies"]
    return [policy["PolicyArn"] for policy in found]


def _inline(clients: Clients, names: Names) -> list[str]:
    return clients.iam.list_role_policies(RoleName=names.role)["PolicyNames"]
