"""The cluster itself: created, watched, paused, resumed, deleted."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sparkify.aws import Clients
from sparkify.errors import ConfigError, ProvisionError
from sparkify.progress import Progress
from sparkify.provision.deployment import state
from sparkify.provision.names import Names, as_list
from sparkify.provision.network import Network
from sparkify.provision.polling import Poller
from sparkify.provision.price import Size

if TYPE_CHECKING:
    from types_boto3_redshift.type_defs import ClusterTypeDef


_STUCK = (
    "incompatible-hsm", "incompatible-network", "incompatible-parameters", "incompatible-restore",
    "hardware-failure", "storage-full",
)  # fmt: skip
"""States that a cluster does not leave by itself."""
WAYS_OUT = {
    "paused": "`sparkify cluster resume` resumes it.",
    "deleting": "Wait until it is gone, then repeat the command.",
    "final-snapshot": "Wait until it is gone, then repeat the command.",
}
"""States from which nobody need wait for another one."""


def find_cluster(clients: Clients, names: Names) -> "ClusterTypeDef | None":
    """The cluster. Raises ProvisionError if one of this name is not ours."""
    try:
        cluster = clients.redshift.describe_clusters(ClusterIdentifier=names.cluster)["Clusters"][0]
    except clients.redshift.exceptions.ClusterNotFoundFault:
        return None
    if not names.owns(cluster.get("Tags", [])):
        raise ProvisionError(
            f"a cluster {names.cluster} exists and is not ours: it lacks our tags. To load into it, set "
            f"[REDSHIFT] HOST to its endpoint{_endpoint(cluster)}; to launch one of ours, choose another "
            "[CLUSTER] NAME."
        )
    return cluster


def _endpoint(cluster: "ClusterTypeDef") -> str:
    address = cluster.get("Endpoint", {}).get("Address", "")
    return f" ({address})" if address else ""


def require_cluster(clients: Clients, names: Names) -> "ClusterTypeDef":
    """The cluster. Raises ProvisionError if there is none."""
    cluster = find_cluster(clients, names)
    if cluster is None:
        raise ProvisionError(missing(clients, names))
    return cluster


def missing(clients: Clients, names: Names) -> str:
    """That there is none, and what to do."""
    return f"there is no cluster {names.cluster} in {clients.region}. `sparkify cluster launch` makes it."


def create_cluster(
    clients: Clients,
    names: Names,
    size: Size,
    database: str,
    user: str,
    role: str,
    group: str,
    network: Network,
    tags: Mapping[str, str],
) -> None:
    """Ask for the cluster: encrypted, reachable by nobody yet, its password kept by AWS.

    AWS refuses NumberOfNodes for a cluster of one node (aws-cdk#9856, airflow#23839).
    """
    shape: Any = {"ClusterType": _kind(size.nodes)}
    if size.nodes > 1:
        shape["NumberOfNodes"] = size.nodes
    if network.subnet_group:
        shape["ClusterSubnetGroupName"] = network.subnet_group
    clients.redshift.create_cluster(
        ClusterIdentifier=names.cluster,
        NodeType=size.node_type,
        DBName=database,
        MasterUsername=user,
        ManageMasterPassword=True,
        Encrypted=True,
        PubliclyAccessible=False,
        IamRoles=[role],
        VpcSecurityGroupIds=[group],
        AutomatedSnapshotRetentionPeriod=1,
        Tags=as_list(tags),
        **shape,
    )


def offered(clients: Clients, nodes: int) -> list[str]:
    """The node types of which the region sells a cluster of so many nodes."""
    kind = _kind(nodes)
    pages = clients.redshift.get_paginator("describe_orderable_cluster_options").paginate()
    options = [one for page in pages for one in page["OrderableClusterOptions"]]
    return sorted({one["NodeType"] for one in options if one["ClusterType"] == kind})


def require_orderable(clients: Clients, size: Size) -> None:
    """Raise ProvisionError for nodes that the region does not sell, naming those that it does."""
    found = offered(clients, size.nodes)
    if size.node_type not in found:
        raise ProvisionError(
            f"{clients.region} offers no {_kind(size.nodes)} cluster of {size.node_type}. Set [CLUSTER] "
            f"NODE_TYPE or NODES; it offers: {', '.join(found) or 'none'}."
        )


def _kind(nodes: int) -> str:
    return "multi-node" if nodes > 1 else "single-node"


def wait_for(
    clients: Clients, names: Names, status: str, poller: Poller, progress: Progress
) -> "ClusterTypeDef":
    """Wait until the cluster has this status, telling of each change; fail on one that leads nowhere."""
    last = ""

    def probe() -> "ClusterTypeDef | None":
        nonlocal last
        cluster = require_cluster(clients, names)
        if cluster["ClusterStatus"] != last:
            last = cluster["ClusterStatus"]
            progress.step(f"the cluster is {last}")
        now = state(last)
        if now in _STUCK:
            raise ProvisionError(f"the cluster {names.cluster} is {now}. Delete it, or ask AWS.")
        if now in WAYS_OUT and now != status:
            raise ProvisionError(f"the cluster {names.cluster} is {now}. {WAYS_OUT[now]}")
        return cluster if now == status else None

    return poller.until(f"the cluster {names.cluster} being {status}", probe)


def delete_cluster(clients: Clients, names: Names, snapshot: str, poller: Poller, progress: Progress) -> None:
    """Delete the cluster, in whatever state a launch left it, and wait until it is gone."""

    def settled() -> str | None:
        cluster = find_cluster(clients, names)
        status = state(cluster["ClusterStatus"]) if cluster else "gone"
        is_settled = status in ("gone", "available", "paused", "deleting", *_STUCK)
        return status if is_settled else None

    def gone() -> bool | None:
        return find_cluster(clients, names) is None or None

    found = poller.until(f"the cluster {names.cluster} being ready to be deleted", settled)
    if found == "gone":
        return
    if found != "deleting":
        progress.step("deleting the cluster")
        kept: Any = {"FinalClusterSnapshotIdentifier": snapshot} if snapshot else {}
        clients.redshift.delete_cluster(
            ClusterIdentifier=names.cluster, SkipFinalClusterSnapshot=not snapshot, **kept
        )
    poller.until(f"the cluster {names.cluster} being gone", gone)


def require_tls(clients: Clients, group: str) -> None:
    """Raise ProvisionError if clusters of a parameter group take connections without TLS.

    That was the default of parameter groups before January 2025.
    """
    pages = clients.redshift.get_paginator("describe_cluster_parameters").paginate(ParameterGroupName=group)
    found = {one["ParameterName"]: one.get("ParameterValue") for page in pages for one in page["Parameters"]}
    if found.get("require_ssl") != "true":
        raise ProvisionError(
            f"the parameter group {group} accepts connections without TLS, so no network was allowed. "
            "Set its require_ssl to true, reboot the cluster, then repeat the command."
        )


def check_snapshot(name: str) -> None:
    """Raise ConfigError for a name that AWS would not take for a snapshot; none is no error."""
    if name and not re.fullmatch(r"(?=.{1,255}$)[A-Za-z](-?[A-Za-z0-9])*", name):
        raise ConfigError(
            f"--snapshot {name!r} is no name for one: it has letters, digits and single hyphens, and begins "
            "with a letter."
        )


def snapshots(clients: Clients, names: Names) -> list[str]:
    """The snapshots of the cluster that somebody asked for; AWS's own go with it."""
    pages = clients.redshift.get_paginator("describe_cluster_snapshots").paginate(SnapshotType="manual")
    found = [one for page in pages for one in page["Snapshots"]]
    return sorted(one["SnapshotIdentifier"] for one in found if one["ClusterIdentifier"] == names.cluster)


def extend(clients: Clients, names: Names, tags: Mapping[str, str]) -> None:
    """Give a cluster that exists another time to live."""
    arn = f"arn:{clients.partition}:redshift:{clients.region}:{clients.account}:cluster:{names.cluster}"
    clients.redshift.create_tags(ResourceName=arn, Tags=as_list({"expires": tags["expires"]}))
