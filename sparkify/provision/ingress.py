"""Who may reach the cluster: a security group of its own, closed until an address is let in."""

import ipaddress
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sparkify.aws import Clients, code
from sparkify.errors import ConfigError, ProvisionError, RemoteError
from sparkify.provision.names import Names, as_list
from sparkify.provision.network import find_network

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import SecurityGroupTypeDef

PORT = 5439
WHOAMI = "https://checkip.amazonaws.com"
NARROWEST = 8
"""The shortest prefix that is let in without a second word: what is shorter is much of the internet."""


def ensure_group(clients: Clients, names: Names, subnet_group: str, tags: Mapping[str, str]) -> str:
    """Return the id of the warehouse's security group, creating it, without a rule, if there is none.

    A new one is made in the VPC of the subnet group, or in the default VPC.
    """
    group = find_group(clients, names)
    if group is not None:
        expires = as_list({"expires": tags["expires"]})
        clients.ec2.create_tags(Resources=[group["GroupId"]], Tags=expires)
        return group["GroupId"]
    return clients.ec2.create_security_group(
        GroupName=names.group,
        Description="Who may reach the Redshift cluster (sparkify)",
        VpcId=find_network(clients, subnet_group).vpc,
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


def parse_cidrs(texts: Sequence[str]) -> list[str]:
    """Networks as AWS writes them; a bare address is that one. Raises ConfigError for what is none."""
    found = []
    for text in texts:
        try:
            found.append(str(ipaddress.ip_network(text)))
        except ValueError as error:
            raise ConfigError(f"--cidr {text} is no network: {error}.") from error
    return found


def wide(cidrs: Sequence[str], known: Sequence[str] = ()) -> list[str]:
    """The networks that hold much of the internet, as soon as these are let in beside the known.

    >>> wide(["128.0.0.0/2", "198.51.100.0/24"], known=["192.0.0.0/2"])
    ['128.0.0.0/1']
    """
    before, after = (set(_collapsed(each)) for each in (known, [*known, *cidrs]))
    return [str(network) for network in sorted(after - before, key=str) if network.prefixlen < NARROWEST]


def require_narrow(cidrs: Sequence[str], known: Sequence[str] = ()) -> None:
    """Raise ConfigError if these networks, with those that are let in, hold much of the internet."""
    if found := wide(cidrs, known):
        together = "" if set(found) <= set(cidrs) else ", together with what is allowed already,"
        raise ConfigError(
            f"that{together} is {', '.join(found)}: everybody, or much of the internet. "
            "Name a smaller network, or say --open-to-the-world if you mean it."
        )


def own_address(fetch: Callable[[str], str] | None = None) -> str:
    """The address that this machine has on the internet, as AWS sees it."""
    try:
        found = (fetch or _get)(WHOAMI).strip()
    except OSError as error:
        why = error.reason if isinstance(error, urllib.error.URLError) else error
        raise RemoteError(f"{WHOAMI} does not tell our address: {why}. Give it with --cidr.") from error
    try:
        return str(ipaddress.ip_address(found))
    except ValueError as error:
        raise RemoteError(f"{WHOAMI} answers with no address. Give yours with --cidr.") from error


def open_cidrs(group: "SecurityGroupTypeDef | None") -> list[str]:
    """The networks that a group lets in, by rules of ours or of others."""
    return [source for source in _sources(group) if "/" in source]


def lets_in(clients: Clients, group: "SecurityGroupTypeDef | None", attached: Sequence[str]) -> list[str]:
    """All that may reach the port: networks, prefix lists and security groups, in words.

    `attached` are the ids of the groups of the deployment. Somebody may have added others to ours, and each
    lets in what it lets in (API reference, ModifyCluster, VpcSecurityGroupIds).
    """
    found = _sources(group)
    own = group["GroupId"] if group else ""
    if others := [one for one in attached if one != own]:
        for other in clients.ec2.describe_security_groups(GroupIds=others)["SecurityGroups"]:
            found += [f"{source} (by {other['GroupId']}, which is not ours)" for source in _sources(other)]
    return found


def let_in(clients: Clients, group: "SecurityGroupTypeDef", cidrs: Sequence[str]) -> list[str]:
    """Let networks in; return those that were not before."""
    new = [cidr for cidr in cidrs if cidr not in open_cidrs(group)]
    for cidr in new:
        ranges = {"Ipv6Ranges": [{"CidrIpv6": cidr}]} if ":" in cidr else {"IpRanges": [{"CidrIp": cidr}]}
        rule: Any = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, **ranges}
        try:
            clients.ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])
        except clients.ec2.exceptions.ClientError as error:
            if code(error) != "InvalidPermission.Duplicate":
                raise
    return new


def shut_out(
    clients: Clients, names: Names, group: "SecurityGroupTypeDef", cidrs: Sequence[str]
) -> list[str]:
    """Take rules back, all of them if no network is named; return what is out now, as `lets_in` says it.

    In a default VPC AWS answers a revocation of what is not there as it answers any other (API reference,
    RevokeSecurityGroupIngress), so the group is read again.
    """
    for source, rule in _rules(group):
        if not cidrs or source in cidrs:
            clients.ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])
    left = _sources(find_group(clients, names))
    return [source for source in _sources(group) if source not in left]


def clear(clients: Clients, group: "SecurityGroupTypeDef") -> None:
    """Take back every rule as it stands, those for other ports too."""
    rules: Any = group.get("IpPermissions", [])
    if rules:
        clients.ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=rules)


def _sources(group: "SecurityGroupTypeDef | None") -> list[str]:
    return sorted({source for source, _ in _rules(group)})


def _rules(group: "SecurityGroupTypeDef | None") -> Iterator[tuple[str, Any]]:
    """Each that may reach the port, with the rule, for it alone, that lets it in.

    A rule names networks, prefix lists or other groups, of another account too (EC2 API reference,
    IpPermission).
    """
    for rule in group.get("IpPermissions", []) if group else ():
        is_ours = rule["IpProtocol"] in ("tcp", "6", "-1")
        if is_ours and rule.get("FromPort", PORT) <= PORT <= rule.get("ToPort", PORT):
            what = {key: rule[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in rule}
            for v4 in rule.get("IpRanges", []):
                yield v4["CidrIp"], {**what, "IpRanges": [{"CidrIp": v4["CidrIp"]}]}
            for v6 in rule.get("Ipv6Ranges", []):
                yield v6["CidrIpv6"], {**what, "Ipv6Ranges": [{"CidrIpv6": v6["CidrIpv6"]}]}
            for listed in rule.get("PrefixListIds", []):
                name = listed["PrefixListId"]
                yield f"prefix list {name}", {**what, "PrefixListIds": [{"PrefixListId": name}]}
            for pair in rule.get("UserIdGroupPairs", []):
                known = {key: pair[key] for key in ("GroupId", "UserId") if key in pair}
                yield f"security group {pair['GroupId']}", {**what, "UserIdGroupPairs": [known]}


def _collapsed(cidrs: Sequence[str]) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    networks = [ipaddress.ip_network(cidr, strict=False) for cidr in cidrs]
    yield from ipaddress.collapse_addresses(n for n in networks if isinstance(n, ipaddress.IPv4Network))
    yield from ipaddress.collapse_addresses(n for n in networks if isinstance(n, ipaddress.IPv6Network))


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())
