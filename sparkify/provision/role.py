"""The role in which the cluster reads buckets: those it must read, and nothing else."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sparkify.aws import Clients, code
from sparkify.errors import ConfigError, ProvisionError
from sparkify.progress import Progress
from sparkify.provision.deployment import Kind
from sparkify.provision.names import Names, as_list
from sparkify.provision.polling import Poller

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import RoleTypeDef

INLINE = "reads-its-buckets"
TRUSTED = {
    "cluster": ["redshift.amazonaws.com"],
    "workgroup": ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"],
}
"""Who takes the role on: a workgroup needs both names (AWS: "Authorizing Amazon Redshift Serverless to access
other AWS services on your behalf"). They are the same in every partition, says aws-cdk's region-info; for
Redshift in China nobody here could check it."""
KNOWN_AFTER = 120.0
"""Seconds after which AWS knows a new role everywhere: some say a few, some half a minute (IAM User Guide,
"Changes that I make are not always immediately visible"; terraform-provider-aws#6566)."""
_UNKNOWN = re.compile(
    r"role\b.*(not valid|invalid|cannot be assumed|delegate access|not authorized)", re.S | re.I
)
"""`The IAM role ... is not valid. The IAM role must delegate access to an Amazon Redshift account.`
(terraform-provider-aws#19113; AWS re:Post, "redshift-iam-role-error"), and its like."""


def ensure_role(
    clients: Clients, names: Names, kind: Kind, buckets: Sequence[str], policy: str, tags: Mapping[str, str]
) -> str:
    """Return the ARN of the cluster's role, creating it if there is none.

    The role may read `buckets` and nothing else, or what the AWS managed `policy` allows if one is named:
    whatever else it could do before is revoked. Running it again changes nothing, so a launch that broke
    off halfway can simply be repeated.

    Raises ProvisionError if a role of this name is not ours.
    """
    iam = clients.iam
    role = find_role(clients, names)
    principals: Any = TRUSTED[kind] if len(TRUSTED[kind]) > 1 else TRUSTED[kind][0]
    trust = _document({"Effect": "Allow", "Principal": {"Service": principals}, "Action": "sts:AssumeRole"})
    if role is None:
        role = iam.create_role(
            RoleName=names.role,
            AssumeRolePolicyDocument=json.dumps(trust),
            Description="Lets a Redshift cluster read its buckets (sparkify)",
            Tags=as_list(tags),
        )["Role"]
    else:
        iam.tag_role(RoleName=names.role, Tags=as_list({"expires": tags["expires"]}))
        if role["AssumeRolePolicyDocument"] != trust:
            iam.update_assume_role_policy(RoleName=names.role, PolicyDocument=json.dumps(trust))
    own = managed(clients, policy)
    if policy:
        iam.attach_role_policy(RoleName=names.role, PolicyArn=own)
    else:
        document = json.dumps(read_only(clients.partition, buckets))
        iam.put_role_policy(RoleName=names.role, PolicyName=INLINE, PolicyDocument=document)
    for arn in _attached(clients, names):
        if arn != own:
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
        clients.iam.get_policy(PolicyArn=managed(clients, policy))
    except clients.iam.exceptions.NoSuchEntityException as error:
        raise ProvisionError(
            f"AWS has no managed policy {policy}. Check [IAM] POLICY, for example AmazonS3ReadOnlyAccess."
        ) from error


def check_arn(partition: str, arn: str) -> None:
    """Raise ConfigError for a role that no cluster of the partition can take on; none is no error.

    AWS: "Amazon Resource Names (ARNs)": GovCloud, China and all other regions know nothing of each other.
    """
    if arn and (given := arn.split(":")[1]) != partition:
        raise ConfigError(
            f"[IAM] ARN = {arn} is of the partition {given}, and this region is of {partition}. "
            "Name a role there."
        )


def require_role(clients: Clients, arn: str) -> str:
    """Why nobody knows whether a role of somebody else's exists; empty if it does.

    Raises ProvisionError if it does not exist, or has another path.
    """
    of, name = arn.split(":")[4], arn.rpartition("/")[2]
    if of != clients.account:
        return f"not checked: it is of account {of}, and your credentials are of {clients.account}"
    try:
        found = clients.iam.get_role(RoleName=name)["Role"]["Arn"]
    except clients.iam.exceptions.NoSuchEntityException:
        found = ""
    except clients.iam.exceptions.ClientError as error:
        if not code(error).startswith("AccessDenied"):
            raise
        return "not checked: you may not ask for it (iam:GetRole)"
    if found != arn:
        advice = f"Did you mean {found}?" if found else "Correct it, or leave it out: a launch makes a role."
        raise ProvisionError(f"there is no role {arn}, which [IAM] ARN names. {advice}")
    return ""


def arn_of(clients: Clients, names: Names) -> str:
    """The ARN of our role, whether it exists or not."""
    return f"arn:{clients.partition}:iam::{clients.account}:role/{names.role}"


def require_attached(names: Names, kind: Kind, roles: Sequence[str], arn: str) -> None:
    """Raise ProvisionError if what exists cannot take the role on: a launch changes no roles.

    "ModifyClusterIamRoles" adds a role, "UpdateNamespace" wants all of them, and the default one with them.
    """
    if arn in roles:
        return
    if kind == "cluster":
        command = f"modify-cluster-iam-roles --cluster-identifier {names.cluster} --add-iam-roles {arn}"
        service = "redshift"
    else:
        command = (
            f"update-namespace --namespace-name {names.cluster} --default-iam-role-arn {arn} "
            f"--iam-roles {' '.join([*roles, arn])}"
        )
        service = "redshift-serverless"
    raise ProvisionError(
        f"the {kind} {names} exists, and the role {arn} is not attached to it "
        f"({', '.join(roles) or 'none'} is). Set [IAM] ARN accordingly, or attach it: "
        f"`aws {service} {command} --region {names.region}`."
    )


def managed(clients: Clients, policy: str) -> str:
    """The ARN of a policy of AWS's own."""
    return f"arn:{clients.partition}:iam::aws:policy/{policy}"


def once_known(clients: Clients, create: Callable[[], object], poller: Poller, progress: Progress) -> None:
    """Create what is given a role of ours, again until AWS knows the role.

    IAM is eventually consistent: for some seconds, whoever is given a new role calls it invalid.
    """
    refusal: Any = None

    def accepted() -> bool | None:
        nonlocal refusal
        try:
            create()
        except clients.iam.exceptions.ClientError as error:
            if not (
                code(error).startswith(("InvalidParameter", "Validation")) and _UNKNOWN.search(str(error))
            ):
                raise
            if refusal is None:
                progress.step("waiting until AWS knows the role")
            refusal = error
            return None
        return True

    try:
        replace(poller, deadline=min(poller.deadline, KNOWN_AFTER)).until("the role being known", accepted)
    except ProvisionError:
        raise refusal from None  # it says more than that the time is over


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


def read_only(partition: str, buckets: Sequence[str]) -> dict[str, Any]:
    """A policy that allows to list these buckets and to read their objects."""
    return _document(
        {
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
            "Resource": [f"arn:{partition}:s3:::{bucket}" for bucket in buckets],
        },
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": [f"arn:{partition}:s3:::{bucket}/*" for bucket in buckets],
        },
    )


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


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
