"""Who may reach the cluster: a security group of its own, closed until an address is let in."""

import ipaddress
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sparkify.aws import Clients, code
from sparkify.errors import ConfigError, ProvisionError, RemoteError
from sparkify.provision.names import Names, as_list

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import SecurityGroupTypeDef

PORT = 5439
WHOAMI = "https://checkip.amazonaws.com"
WORLD = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


def ensure_group(clients: Clients, names: Names, tags: Mapping[str, str]) -> str:
    """Return the id of the cluster's security group, creating it, without a rule, if there is none."""
    group = find_group(clients, names)
    if group is not None:
        return group["GroupId"]
    vpcs = clients.ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    if not vpcs:
        raise ProvisionError(
            f"{clients.region} has no default VPC. Make one with `aws ec2 create-default-vpc`, "
            "or choose another region."
        )
    return clients.ec2.create_security_group(
        GroupName=names.group,
        Description="Who may reach the Redshift cluster (sparkify)",
        VpcId=vpcs[0]["VpcId"],
        TagSpecifications=[{"ResourceType": "security-group", "Tags": as_list(tags)}],
    )["GroupId"]


def find_group(clients: Clients, names: Names) -> "SecurityGroupTypeDef | None":
    """The cluster's security group. Raises ProvisionError if a group of this name is not ours."""
    found = clients.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [names.group]}])
    for group in found["SecurityGroups"]:
        if not names.owns(group.get("Tags", [])):
            raise ProvisionError(
                f"the security group {names.group} exists and is not ours: it lacks our tags. "
                "Rename [CLUSTER] NAME."
            )
        return group
    return None


def parse_cidrs(texts: Sequence[str], *, open_to_the_world: bool) -> list[str]:
    """Networks as AWS writes them; a bare address is that one address.

    Raises ConfigError for what is no network, and for the whole world unless it was asked for.
    """
    found = []
    for text in texts:
        try:
            network = ipaddress.ip_network(text)
        except ValueError as error:
            raise ConfigError(f"--cidr {text} is no network: {error}.") from error
        if network in WORLD and not open_to_the_world:
            raise ConfigError(
                f"{network} is everybody. Name a smaller network, or say --open-to-the-world if you mean it."
            )
        found.append(str(network))
    return found


def own_address(fetch: Callable[[str], str] | None = None) -> str:
    """The address that this machine has on the internet, as AWS sees it."""
    try:
        return (fetch or _get)(WHOAMI).strip()
    except (urllib.error.URLError, OSError) as error:
        raise RemoteError(f"{WHOAMI} does not tell our address: {error}. Give it with --cidr.") from error


def open_cidrs(group: "SecurityGroupTypeDef") -> list[str]:
    """The networks that are let in."""
    rules = group.get("IpPermissions", [])
    return sorted(
        [r["CidrIp"] for rule in rules for r in rule.get("IpRanges", []) if "CidrIp" in r]
        + [r["CidrIpv6"] for rule in rules for r in rule.get("Ipv6Ranges", []) if "CidrIpv6" in r]
    )


def let_in(clients: Clients, group: "SecurityGroupTypeDef", cidrs: Sequence[str]) -> list[str]:
    """Let networks in; return those that were not before."""
    new = [cidr for cidr in cidrs if cidr not in open_cidrs(group)]
    for cidr in new:
        try:
            clients.ec2.authorize_security_group_ingress(
                GroupId=group["GroupId"], IpPermissions=[_permission(cidr)]
            )
        except clients.ec2.exceptions.ClientError as error:
            if code(error) != "InvalidPermission.Duplicate":
                raise
    return new


def shut_out(clients: Clients, group: "SecurityGroupTypeDef", cidrs: Sequence[str] = ()) -> list[str]:
    """Take rules back, all of them if no network is named; return the networks that are out now."""
    gone = [cidr for cidr in open_cidrs(group) if not cidrs or cidr in cidrs]
    for cidr in gone:
        clients.ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[_permission(cidr)])
    return gone


def _permission(cidr: str) -> Any:
    ranges = {"Ipv6Ranges": [{"CidrIpv6": cidr}]} if ":" in cidr else {"IpRanges": [{"CidrIp": cidr}]}
    return {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, **ranges}


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())
