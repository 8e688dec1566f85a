"""What CreateCluster refuses; each rule names the page or public issue that it was read on.

"API" is the Amazon Redshift API reference, page "CreateCluster".
"""

import re
from collections.abc import Mapping, Sequence

from sparkify.emulator.account import Account
from sparkify.emulator.errors import ApiError, invalid
from sparkify.emulator.grammar.vocabulary import words

NODE_TYPES = {
    "rg.large": 2, "rg.xlarge": 2, "rg.4xlarge": 8, "rg.12xlarge": 16,
    "ra3.large": 2, "ra3.xlplus": 2, "ra3.4xlarge": 4, "ra3.16xlarge": 16,
}  # fmt: skip
"""The node types that can be ordered, with their slices."""
SINGLE = ("rg.large", "ra3.large", "ra3.xlplus")
"""Those of which one node makes a cluster: "Amazon Redshift provisioned clusters"; "DECLARE" for RG."""
ROLE_UNKNOWN = (
    "The IAM role {} is not valid. The IAM role must delegate access to an Amazon Redshift account."
)
"""terraform-provider-aws#19113; AWS re:Post, "redshift-iam-role-error"."""
_MOST_NODES = 100
_MOST_NODES_OF = {"ra3.large": 16, "ra3.xlplus": 16, "ra3.4xlarge": 32}
"""The node ranges of "Amazon Redshift provisioned clusters"; unverified for RG."""
_NOT_ON_THE_PAGE = {"CONNECT", "LANGUAGE", "START", "QUALIFY"}
"""Words of the grammar's lists that the page "Reserved words" leaves out, or says are none."""
Form = Mapping[str, str]


def listed(form: Form, name: str) -> list[str]:
    """The values of a list of the query protocol: `name.member.1`, `name.VpcSecurityGroupId.1` ..."""
    return [value for key, value in form.items() if key.startswith(f"{name}.")]


def check_cluster(form: Form, account: Account, not_sold: Sequence[str]) -> None:
    """Raise ApiError for a cluster that AWS would not make."""
    _check_names(form)
    _check_nodes(form, not_sold)
    _check_safety(form)
    _check_password(form)
    for role in listed(form, "IamRoles"):
        if not account.may_assume(role, "redshift.amazonaws.com"):
            raise invalid(ROLE_UNKNOWN.format(role.rpartition("/")[2]))
    _check_network(form, account)


def check_port(port: int) -> None:
    """RG and RA3 (API, Port)."""
    if not (5431 <= port <= 5455 or 8191 <= port <= 8215):
        raise invalid(f"Port {port} is not in 5431-5455 or 8191-8215")


def check_password(name: str, password: str) -> None:
    """API, MasterUserPassword."""
    if not re.fullmatch(r"""(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?!.*['"\\/@])[!-~]{8,64}""", password):
        raise invalid(f"The parameter {name} is not a valid password")


def _check_names(form: Form) -> None:
    """API, ClusterIdentifier, DBName, MasterUsername; that a database may have a `_` is unverified."""
    for name, pattern in (
        ("ClusterIdentifier", r"(?=.{1,63}$)[a-z](-?[a-z0-9])*"),
        ("DBName", r"[a-z0-9_]{1,64}"),
        ("MasterUsername", r"(?!public$)[a-z][a-z0-9_+.@-]{0,127}"),
    ):
        if name in form and not re.fullmatch(pattern, form[name]):
            raise invalid(f"The parameter {name} is not valid: {form[name]}")
        if name != "ClusterIdentifier" and is_reserved(form.get(name, "")):
            raise invalid(f"The parameter {name} is not valid: {form[name]} is a reserved word")


def is_reserved(name: str) -> bool:
    """Whether a word is on the page "Reserved words", as no user and no first database may be called."""
    lists = {*words("reserved"), *words("reserved by Redshift alone")}
    return name.upper() in lists - _NOT_ON_THE_PAGE


def _check_nodes(form: Form, not_sold: Sequence[str]) -> None:
    kind, shape = form["NodeType"], form.get("ClusterType", "multi-node")  # the default: API, ClusterType
    if kind not in NODE_TYPES or kind in not_sold:  # AWS's notice on dc2, April 2025
        raise invalid(f"Invalid node type: {kind}")
    if shape not in ("multi-node", "single-node"):
        raise invalid(f"Invalid cluster type: {shape}")
    if shape == "single-node":
        if "NumberOfNodes" in form:  # aws-cdk#9856, astronomer-providers#376
            raise invalid("Number of nodes must be not be supplied for cluster type single-node.")
        if kind not in SINGLE:
            raise invalid(f"Node type {kind} is not supported for cluster type single-node")
        return
    nodes = int(form.get("NumberOfNodes", "1"))
    if nodes < 2:  # terraform#12220
        raise invalid("Number of nodes for cluster type multi-node must be greater than or equal to 2")
    most = _MOST_NODES_OF.get(kind, _MOST_NODES)
    if nodes > most:  # API, NumberOfNodes
        raise ApiError(
            "NumberOfNodesPerClusterLimitExceeded", f"A cluster of {kind} has at most {most} nodes"
        )


def _check_safety(form: Form) -> None:
    if form.get("Encrypted", "true") == "false":  # API, Encrypted: "false" fails
        raise invalid("Unencrypted clusters cannot be created")
    check_port(int(form.get("Port", "5439")))
    kept = int(form.get("AutomatedSnapshotRetentionPeriod", "1"))
    if not 1 <= kept <= 35:  # API: not 0 for RG and RA3
        raise invalid("AutomatedSnapshotRetentionPeriod must be 1 to 35 for this node type")


def _check_password(form: Form) -> None:
    """API, ManageMasterPassword: one of the two."""
    password = form.get("MasterUserPassword", "")
    if (form.get("ManageMasterPassword") == "true") == bool(password):
        raise ApiError("InvalidParameterCombination", "Give MasterUserPassword or ManageMasterPassword")
    if password:
        check_password("MasterUserPassword", password)


def _check_network(form: Form, account: Account) -> None:
    """The VPC is that of the subnet group, else the default one."""
    name = form.get("ClusterSubnetGroupName")
    vpc = account.vpc_of(name) if name else account.default_vpc()
    if vpc is None and name:  # the code: API, Errors
        raise ApiError("ClusterSubnetGroupNotFoundFault", f"Subnet group {name} not found.")
    if vpc is None:  # unverified: the words, and which of the documented faults it is
        raise ApiError("InvalidVPCNetworkStateFault", "There is no default VPC in this region.")
    for group in listed(form, "VpcSecurityGroupIds"):
        if account.vpc_of_group(group) != vpc:  # aws-cdk#11294
            raise invalid(f"VPC Security group {group} does not exist in VPC {vpc}")
