"""The steps of a cluster's life, each of which can be repeated until it is done."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sparkify.aws import Clients, code, translated
from sparkify.config import Config
from sparkify.errors import ProvisionError
from sparkify.progress import Progress
from sparkify.provision import cluster as clusters
from sparkify.provision import ingress, role, scratch
from sparkify.provision.names import Names, as_dict
from sparkify.provision.price import Size
from sparkify.provision.target import scratch_region, source_buckets
from sparkify.provision.waiting import Patience


@dataclass(frozen=True)
class Launch:
    """What a launch would make."""

    names: Names
    size: Size
    region: str
    buckets: Sequence[str]
    """The buckets that the role may read, the scratch bucket left out."""
    scratch_region: str
    expires: dt.datetime | None
    policy: str = ""

    def lines(self) -> list[str]:
        """The plan in words."""
        per_day = "" if self.size.per_hour is None else f", {24 * self.size.per_hour:.2f} USD/day"
        reads = self.policy or ", ".join([*self.buckets, "the scratch bucket"])
        return [
            f"cluster   {self.names.cluster} in {self.region}: {self.size}{per_day}, until it is deleted",
            f"expires   {self.expires.isoformat(' ', 'minutes') if self.expires else 'never'}",
            f"role      {self.names.role}, may read {reads}",
            f"network   {self.names.group}, lets nobody in",
            f"scratch   a bucket of its own in {self.scratch_region}",
        ]


def plan_launch(config: Config, region: str, ttl: dt.timedelta | None, now: dt.datetime) -> Launch:
    """What `launch` would make. Raises ConfigError for a cluster that cannot be ordered."""
    buckets = source_buckets(config)
    return Launch(
        Names(config.cluster.name),
        Size(config.cluster.node_type, config.cluster.nodes),
        region,
        buckets,
        scratch_region(config, region),
        now + ttl if ttl else None,
        config.iam.policy,
    )


def launch(
    clients: Clients, config: Config, plan: Launch, now: dt.datetime, patience: Patience, progress: Progress
) -> None:
    """Make what is missing of the plan and wait until the cluster is available.

    Raises ProvisionError if a name is taken by something that is not ours, before anything is made.
    """
    names = plan.names
    with translated():
        cluster = clusters.find_cluster(clients, names)
        role.find_role(clients, names)
        ingress.find_group(clients, names)
        scratch.exists(clients, names, plan.scratch_region)
        _require_orderable(clients, plan.size)
        tags = names.tags(now, plan.expires)
        progress.step("the scratch bucket")
        bucket = scratch.ensure_bucket(clients, names, plan.scratch_region, tags)
        progress.step("the role")
        arn = config.iam.arn or role.ensure_role(clients, names, [*plan.buckets, bucket], plan.policy, tags)
        progress.step("the security group")
        group = ingress.ensure_group(clients, names, tags)
        if cluster is None:
            progress.step("the cluster")
            clusters.create_cluster(
                clients, names, plan.size, config.cluster.database, config.cluster.user, arn, group, tags
            )
        elif plan.expires:
            clusters.extend(clients, names, tags)
        clusters.wait_for(clients, names, "available", patience, progress)


def configure(
    clients: Clients, names: Names, cidrs: Sequence[str], patience: Patience, progress: Progress
) -> list[str]:
    """Let networks in, and make the cluster reachable; return the networks that were not let in before."""
    with translated():
        cluster = clusters.require_cluster(clients, names)
        group = ingress.find_group(clients, names)
        if group is None:
            raise ProvisionError("the cluster has no security group. `sparkify cluster launch` mends it.")
        clusters.require_tls(clients, cluster)
        new = ingress.let_in(clients, group, cidrs)
        if not cluster["PubliclyAccessible"]:
            progress.step("making the cluster reachable")
            clusters.wait_for(clients, names, "available", patience, progress)
            clients.redshift.modify_cluster(ClusterIdentifier=names.cluster, PubliclyAccessible=True)
        clusters.wait_for(clients, names, "available", patience, progress)
    return new


def close(clients: Clients, names: Names, cidrs: Sequence[str]) -> list[str]:
    """Take the rules back, all of them if no network is named."""
    with translated():
        group = ingress.find_group(clients, names)
        return ingress.shut_out(clients, group, cidrs) if group else []


@dataclass(frozen=True)
class Status:
    """How a cluster stands."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    endpoint: tuple[str, int] | None = None
    secret: str = ""
    """ARN of the secret that holds the master user's password."""
    is_expired: bool = False


def status(clients: Clients, names: Names, now: dt.datetime) -> Status:
    """How the cluster stands, what it costs, and who may reach it."""
    with translated():
        cluster = clusters.require_cluster(clients, names)
        group = ingress.find_group(clients, names)
    address = cluster.get("Endpoint", {})
    endpoint = (address["Address"], address["Port"]) if "Address" in address else None
    expires = clusters.expiry(cluster)
    is_expired = expires is not None and expires <= now
    size = Size(cluster["NodeType"], cluster["NumberOfNodes"])
    is_paused = cluster["ClusterStatus"] == "paused"
    return Status(
        [
            ("cluster", names.cluster),
            ("status", cluster["ClusterStatus"]),
            ("nodes", f"{size.nodes} x {size.node_type}"),
            ("price", "storage only while it is paused" if is_paused else size.price),
            ("created", as_dict(cluster.get("Tags", [])).get("created", "")),
            ("expires", f"{expires or 'never'}{' (expired)' if is_expired else ''}"),
            ("endpoint", f"{endpoint[0]}:{endpoint[1]}" if endpoint else "none yet"),
            ("lets in", ", ".join(ingress.open_cidrs(group) if group else ()) or "nobody"),
        ],
        endpoint,
        cluster.get("MasterPasswordSecretArn", ""),
        is_expired,
    )  # fmt: skip


def pause(clients: Clients, names: Names, patience: Patience, progress: Progress) -> None:
    """Pause the cluster; one that is paused is left as it is."""
    with translated():
        if clusters.require_cluster(clients, names)["ClusterStatus"] not in ("paused", "pausing"):
            clusters.wait_for(clients, names, "available", patience, progress)
            clients.redshift.pause_cluster(ClusterIdentifier=names.cluster)
        clusters.wait_for(clients, names, "paused", patience, progress)


def resume(clients: Clients, names: Names, patience: Patience, progress: Progress) -> None:
    """Resume the cluster; one that runs is left as it is."""
    with translated():
        if clusters.require_cluster(clients, names)["ClusterStatus"] in ("paused", "pausing"):
            clusters.wait_for(clients, names, "paused", patience, progress)
            clients.redshift.resume_cluster(ClusterIdentifier=names.cluster)
        clusters.wait_for(clients, names, "available", patience, progress)


def delete(
    clients: Clients, names: Names, snapshot: str, patience: Patience, progress: Progress
) -> list[str]:
    """Delete everything that is ours, however far a launch came; return what is left, which costs money."""
    with translated():
        close(clients, names, ())
        clusters.delete_cluster(clients, names, snapshot, patience, progress)
        progress.step("deleting the security group")
        patience.until(f"the security group {names.group} being free", lambda: _delete_group(clients, names))
        progress.step("deleting the scratch bucket")
        scratch.delete_buckets(clients, names)
        progress.step("deleting the role")
        role.delete_role(clients, names)
        progress.step("looking for what is left")
        return left_over(clients, names, snapshot)


def left_over(clients: Clients, names: Names, kept: str = "") -> list[str]:
    """Everything that carries our tags or our names; a snapshot that was asked for is left out."""
    found = []
    if clusters.find_cluster(clients, names):
        found.append(f"cluster {names.cluster}")
    for page in clients.redshift.get_paginator("describe_cluster_snapshots").paginate(SnapshotType="manual"):
        for one in page["Snapshots"]:
            if one["ClusterIdentifier"] == names.cluster and one["SnapshotIdentifier"] != kept:
                found.append(f"snapshot {one['SnapshotIdentifier']}")
    mine: Any = [{"Name": f"tag:{key}", "Values": [value]} for key, value in names.marks.items()]
    for group in clients.ec2.describe_security_groups(Filters=mine)["SecurityGroups"]:
        found.append(f"security group {group['GroupName']}")
    found += [f"bucket {bucket}" for bucket in scratch.find_buckets(clients, names)]
    if role.find_role(clients, names):
        found.append(f"role {names.role}")
    prefix = f"redshift!{names.cluster}-"  # AWS's own name for the secret that holds a managed password
    for secret in clients.secrets.list_secrets(Filters=[{"Key": "name", "Values": [prefix]}])["SecretList"]:
        found.append(f"secret {secret['Name']}")
    return found


def _require_orderable(clients: Clients, size: Size) -> None:
    """Refuse a node type that this region does not sell, before anything is made."""
    found = clients.redshift.describe_orderable_cluster_options(NodeType=size.node_type)
    if not found["OrderableClusterOptions"]:
        raise ProvisionError(
            f"{size.node_type} is not offered in {clients.region}. "
            "Set [CLUSTER] NODE_TYPE, for example ra3.large."
        )


def _delete_group(clients: Clients, names: Names) -> bool | None:
    """Whether the group is gone; AWS lets go of a cluster's network interface only after a while."""
    group = ingress.find_group(clients, names)
    if group is None:
        return True
    try:
        clients.ec2.delete_security_group(GroupId=group["GroupId"])
    except clients.ec2.exceptions.ClientError as error:
        if code(error) == "DependencyViolation":
            return None
        raise
    return True
