"""The role in which the cluster reads buckets: those it must read, and nothing else."""

import json
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

    The role may read `buckets` and nothing else, or what the AWS managed `policy` allows if one is named.
    Running it again changes nothing, so a launch that broke off halfway can simply be repeated.

    Raises ProvisionError if a role of this name is not ours.
    """
    role = find_role(clients, names)
    if role is None:
        role = clients.iam.create_role(
            RoleName=names.role,
            AssumeRolePolicyDocument=json.dumps(_TRUST),
            Description="Lets a Redshift cluster read its buckets (sparkify)",
            Tags=as_list(tags),
        )["Role"]
    if policy:
        clients.iam.attach_role_policy(RoleName=names.role, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    else:
        clients.iam.put_role_policy(
            RoleName=names.role, PolicyName=INLINE, PolicyDocument=json.dumps(read_only(buckets))
        )
    return role["Arn"]


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
    iam = clients.iam
    for attached in iam.list_attached_role_policies(RoleName=names.role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=names.role, PolicyArn=attached["PolicyArn"])
    for name in iam.list_role_policies(RoleName=names.role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=names.role, PolicyName=name)
    iam.delete_role(RoleName=names.role)
