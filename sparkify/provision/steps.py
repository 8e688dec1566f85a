"""The steps of a cluster's life, each of which can be repeated until it is done."""

import contextlib
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sparkify.aws import Clients, code, translated
from sparkify.config import Config
from sparkify.errors import ProvisionError, SparkifyError
from sparkify.progress import Progress
from sparkify.provision import cluster as clusters
from sparkify.provision import ingress, role, scratch
from sparkify.provision.names import Names, as_dict
from sparkify.provision.plan import Launch
from sparkify.provision.price import Size
from sparkify.provision.waiting import Patience

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import SecurityGroupTypeDef


def launch(
    clients: Clients, config: Config, plan: Launch, now: dt.datetime, patience: Patience, progress: Progress
) -> None:
    """Make what is missing of the plan and wait until the cluster is available.

    Raises ProvisionError if a name is taken by something that is not ours, before anything is made; whatever
    fails later says what stands.
    """
    names = plan.names
    with translated():
        cluster = clusters.find_cluster(clients, names)
        ingress.find_group(clients, names)
        if not plan.arn:
            role.find_role(clients, names)
            if plan.policy:
                role.require_policy(clients, plan.policy)
        if not plan.scratch:
            scratch.exists(clients, names, plan.scratch_region)
        if cluster is None:
            _require_orderable(clients, plan.size)
    tags = names.tags(now, plan.expires)
    buckets = list(plan.buckets)
    made = contextlib.nullcontext() if cluster else _telling_what_stands(clients, names)
    with made, translated():
        if not plan.scratch:
            progress.step("the scratch bucket")
            buckets.append(scratch.ensure_bucket(clients, names, plan.scratch_region, tags))
        if not plan.arn:
            progress.step("the role")
        arn = plan.arn or role.ensure_role(clients, names, buckets, plan.policy, tags)
        progress.step("the security group")
        group = ingress.ensure_group(clients, names, tags)
        if cluster is None:
            progress.step("the cluster")
            clusters.create_cluster(
                clients, names, plan.size, config.cluster.database, config.cluster.user, arn, group, tags
            )
        else:
            clusters.extend(clients, names, tags)
        clusters.wait_for(clients, names, "available", patience, progress)


@contextlib.contextmanager
def _telling_what_stands(clients: Clients, names: Names) -> Iterator[None]:
    """Nothing of a new cluster is left half made without a word."""
    try:
        yield
    except SparkifyError as error:
        try:
            there = [one.what for one in left_over(clients, names)]
        except SparkifyError:
            there = ["whatever was made before that (AWS does not tell)"]
        if not there:
            raise
        raise type(error)(
            f"{error} Made so far: {', '.join(there)}. Repeat the command to go on, or remove it: "
            "`sparkify cluster delete`."
        ) from error


def configure(
    clients: Clients, names: Names, cidrs: Sequence[str], patience: Patience, progress: Progress
) -> list[str]:
    """Let networks in, and make the cluster reachable; return the networks that were not let in before."""
    with translated():
        cluster = clusters.require_cluster(clients, names)
        group = _require_group(clients, names)
        clusters.require_tls(clients, cluster)
        new = ingress.let_in(clients, group, cidrs)
        if not cluster["PubliclyAccessible"]:
            progress.step("making the cluster reachable")
            clusters.wait_for(clients, names, "available", patience, progress)
            clients.redshift.modify_cluster(ClusterIdentifier=names.cluster, PubliclyAccessible=True)
        clusters.wait_for(clients, names, "available", patience, progress)
    return new


def lets_in(clients: Clients, names: Names) -> list[str]:
    """The networks that are let in. Raises ProvisionError if there is neither cluster nor group."""
    with translated():
        return ingress.open_cidrs(_require_group(clients, names))


def close(clients: Clients, names: Names, cidrs: Sequence[str]) -> list[str]:
    """Take the rules back, all of them if no network is named; return the networks that are out now."""
    with translated():
        return ingress.shut_out(clients, _require_group(clients, names), cidrs)


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
        if group := ingress.find_group(clients, names):
            ingress.clear(clients, group)
        clusters.delete_cluster(clients, names, snapshot, patience, progress)
        progress.step("deleting the security group")
        patience.until(f"the security group {names.group} being free", lambda: _delete_group(clients, names))
        progress.step("deleting the scratch bucket")
        scratch.delete_buckets(clients, names)
        progress.step("deleting the role")
        role.delete_role(clients, names)
        progress.step("looking for what is left")
        return [one.what for one in left_over(clients, names)]


@dataclass(frozen=True)
class Left:
    """Something of ours that is there, and the tag that says until when it may be."""

    what: str
    expires: str = ""


def left_over(clients: Clients, names: Names) -> list[Left]:
    """Everything that carries our tags or our names, but for snapshots: somebody asked for them."""
    found = []

    def note(what: str, tags: Iterable[Any]) -> None:
        found.append(Left(what, as_dict(tags).get("expires", "")))

    with translated():
        if cluster := clusters.find_cluster(clients, names):
            note(f"cluster {names.cluster}", cluster.get("Tags", []))
        mine: Any = [{"Name": f"tag:{key}", "Values": [value]} for key, value in names.marks.items()]
        for group in clients.ec2.describe_security_groups(Filters=mine)["SecurityGroups"]:
            note(f"security group {group['GroupName']}", group["Tags"])
        for bucket in scratch.find_buckets(clients, names):
            note(f"bucket {bucket}", scratch.bucket_tags(clients, bucket))
        if own := role.find_role(clients, names):
            note(f"role {names.role}", own["Tags"])
        prefix = f"redshift!{names.cluster}-"  # AWS's own name for the secret that holds a managed password
        listed = clients.secrets.list_secrets(Filters=[{"Key": "name", "Values": [prefix]}])["SecretList"]
        for secret in listed:
            if "-" not in secret["Name"].removeprefix(prefix):  # no user has one: it is another's
                note(f"secret {secret['Name']}", ())
    return found


def is_over(left: Sequence[Left], now: dt.datetime) -> bool:
    """Whether the time to live is over: the cluster's, or that of all that is left of one.

    What has no tag lives as long as it likes.
    """
    ends = [one.expires for one in left if one.what.startswith("cluster ")] or [
        one.expires for one in left if one.expires
    ]
    return bool(ends) and all(
        end not in ("", "never") and dt.datetime.fromisoformat(end) <= now for end in ends
    )


def snapshots(clients: Clients, names: Names) -> list[str]:
    """The snapshots of the cluster that somebody asked for."""
    with translated():
        return clusters.snapshots(clients, names)


def _require_group(clients: Clients, names: Names) -> "SecurityGroupTypeDef":
    group = ingress.find_group(clients, names)
    if group is None:
        clusters.require_cluster(clients, names)
        raise ProvisionError("the cluster has no security group. `sparkify cluster launch` mends it.")
    return group


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
