"""What a launch has deployed, a cluster or a serverless workgroup, described in one way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sparkify.provision.names import as_dict
from sparkify.provision.price import Capacity, Size

if TYPE_CHECKING:
    from types_boto3_redshift.type_defs import ClusterTypeDef

Kind = Literal["cluster", "workgroup"]


@dataclass(frozen=True)
class Deployment:
    """A warehouse as AWS describes it."""

    kind: Kind
    name: str
    status: str
    """As AWS writes it, which may be several words: `available, resize-cleanup`."""
    size: Size | Capacity
    tags: Mapping[str, str]
    host: str
    port: int
    database: str
    user: str
    """The master user."""
    secret: str
    """ARN of the secret that holds the master user's password."""
    roles: tuple[str, ...]
    is_public: bool
    parameters: Mapping[str, str]
    """A workgroup's own; a cluster names a group of them."""
    parameter_group: str = ""
    groups: tuple[str, ...] = ()
    """Ids of its security groups, ours and others."""

    @property
    def state(self) -> str:
        """Its state in one word."""
        return state(self.status)


def state(status: str) -> str:
    """The state in a status: its first word. What may follow tells of work in the background.

    API reference, Cluster; terraform-provider-aws#10337, #23638.

    >>> state("available, resize-cleanup"), state("MODIFYING")
    ('available', 'modifying')
    """
    return status.partition(",")[0].strip().lower()


def of_cluster(cluster: "ClusterTypeDef") -> Deployment:
    """A cluster of `DescribeClusters`."""
    at = cluster.get("Endpoint", {})
    groups = cluster.get("ClusterParameterGroups", [])
    return Deployment(
        "cluster", cluster["ClusterIdentifier"], cluster["ClusterStatus"],
        Size(cluster["NodeType"], cluster["NumberOfNodes"]), as_dict(cluster.get("Tags", [])),
        at.get("Address", ""), at.get("Port", 0), cluster.get("DBName", ""), cluster["MasterUsername"],
        cluster.get("MasterPasswordSecretArn", ""),
        tuple(one["IamRoleArn"] for one in cluster.get("IamRoles", [])),
        cluster["PubliclyAccessible"], {}, groups[0]["ParameterGroupName"] if groups else "",
        tuple(one["VpcSecurityGroupId"] for one in cluster.get("VpcSecurityGroups", [])),
    )  # fmt: skip


def of_workgroup(workgroup: Any, namespace: Any, tags: Mapping[str, str], hours: int) -> Deployment:
    """A workgroup and its namespace, of `GetWorkgroup` and `GetNamespace`."""
    at = workgroup.get("endpoint", {})
    return Deployment(
        "workgroup", workgroup["workgroupName"], workgroup["status"],
        Capacity(workgroup["baseCapacity"], workgroup.get("maxCapacity", workgroup["baseCapacity"]), hours),
        tags, at.get("address", ""), at.get("port", 0), namespace.get("dbName", ""),
        namespace.get("adminUsername", ""), namespace.get("adminPasswordSecretArn", ""),
        roles_of(namespace), workgroup.get("publiclyAccessible", False),
        {one["parameterKey"]: one.get("parameterValue", "") for one in workgroup.get("configParameters", [])},
        groups=tuple(workgroup.get("securityGroupIds", [])),
    )  # fmt: skip


def roles_of(namespace: Any) -> tuple[str, ...]:
    """The ARNs of a namespace's roles."""
    return tuple(map(_role_arn, namespace.get("iamRoles", [])))


def _role_arn(text: str) -> str:
    """The ARN in `IamRole(applyStatus=in-sync, iamRoleArn=arn:...)`, as GetNamespace writes roles.

    terraform-provider-aws#26624.

    >>> _role_arn("IamRole(applyStatus=in-sync, iamRoleArn=arn:aws:iam::123456789012:role/a)")
    'arn:aws:iam::123456789012:role/a'
    """
    return text.partition("iamRoleArn=")[2].rstrip(")") or text
