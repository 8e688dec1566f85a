"""The steps of a cluster's life, each of which can be repeated until it is done."""

import contextlib
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sparkify.aws import Clients, code, translated
from sparkify.config import Config
from sparkify.errors import ProvisionError, SparkifyError
from sparkify.progress import Progress
from sparkify.provision import cluster as clusters
from sparkify.provision import ingress, lookup, role, scratch, serverless
from sparkify.provision.deployment import Deployment, Kind
from sparkify.provision.names import Names, as_dict
from sparkify.provision.plan import Launch
from sparkify.provision.polling import Poller
from sparkify.provision.price import Capacity, Size

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import SecurityGroupTypeDef

WAREHOUSES = ("cluster ", "workgroup ", "namespace ")
"""How the warehouse itself is named among what is left."""


def launch(
    clients: Clients, config: Config, plan: Launch, now: dt.datetime, poller: Poller, progress: Progress
) -> None:
    """Make what is missing of the plan and wait until the cluster, or the workgroup, is available.

    Raises ProvisionError if a name is taken by something that is not ours, before anything is made; whatever
    fails later says what stands.
    """
    names = plan.names
    role.check_arn(clients.partition, plan.arn)
    with translated():
        stands = lookup.find(clients, names) is not None
        ingress.find_group(clients, names)
        if not plan.arn:
            role.find_role(clients, names)
            if plan.policy:
                role.require_policy(clients, plan.policy)
        if not plan.scratch:
            scratch.exists(clients, names, plan.scratch_region)
    tags = names.tags(now, plan.expires)
    buckets = list(plan.buckets)
    made = contextlib.nullcontext() if stands else _noting_what_exists(clients, names)
    with made, translated():
        if not plan.scratch:
            progress.step("the scratch bucket")
            buckets.append(scratch.ensure_bucket(clients, names, plan.scratch_region, tags))
        if not plan.arn:
            progress.step("the role")
        arn = plan.arn or role.ensure_role(clients, names, plan.kind, buckets, plan.policy, tags)
        progress.step("the security group")
        group = ingress.ensure_group(clients, names, config.cluster.subnet_group, tags)
        ground = _Ground(arn, group, tags, stands)
        if isinstance(plan.size, Size):
            _launch_cluster(clients, config, plan, plan.size, ground, poller, progress)
        else:
            _launch_workgroup(clients, config, plan, plan.size, ground, poller, progress)


@dataclass(frozen=True)
class _Ground:
    """What a warehouse is launched on."""

    role: str
    group: str
    tags: Mapping[str, str]
    is_taken: bool
    """Whether the warehouse stands already."""


def _launch_cluster(
    clients: Clients, config: Config, plan: Launch, size: Size, ground: _Ground, poller: Poller,
    progress: Progress,
) -> None:  # fmt: skip
    names, own = plan.names, config.cluster

    def create() -> None:
        clusters.create_cluster(
            clients, names, size, own.database, own.user, ground.role, ground.group, plan.standing.network,
            ground.tags,
        )  # fmt: skip

    if ground.is_taken:
        clusters.extend(clients, names, ground.tags)
    else:
        progress.step("the cluster")
        _given(clients, plan, create, poller, progress)
    clusters.wait_for(clients, names, "available", poller, progress)


def _launch_workgroup(
    clients: Clients, config: Config, plan: Launch, capacity: Capacity, ground: _Ground, poller: Poller,
    progress: Progress,
) -> None:  # fmt: skip
    names, own = plan.names, config.cluster

    def create() -> None:
        serverless.create_namespace(clients, names, own.database, own.user, ground.role, ground.tags)

    progress.step("the namespace")
    _given(clients, plan, create, poller, progress)
    serverless.wait_for(clients, names, "namespace", poller, progress)
    if not ground.is_taken:
        progress.step("the workgroup")
        network = plan.standing.network
        serverless.create_workgroup(clients, names, capacity, ground.group, network, ground.tags)
    serverless.wait_for(clients, names, "workgroup", poller, progress)
    serverless.ensure_limit(clients, names, capacity.hours)
    serverless.extend(clients, names, ground.tags)


def _given(
    clients: Clients, plan: Launch, create: Callable[[], None], poller: Poller, progress: Progress
) -> None:
    """Create what is given a role; ours may be too new for AWS to know it."""
    if plan.arn:
        create()
    else:
        role.once_known(clients, create, poller, progress)


@contextlib.contextmanager
def _noting_what_exists(clients: Clients, names: Names) -> Iterator[None]:
    """Nothing of a new cluster is left half made without a word."""
    try:
        yield
    except SparkifyError as error:
        try:
            there = [one.what for one in left_over(clients, names)]
        except SparkifyError:
            there = ["possibly more (AWS could not be asked)"]
        if not there:
            raise
        raise type(error)(
            f"{error} Made so far: {', '.join(there)}. Repeat the command to go on, or remove it: "
            "`sparkify cluster delete`."
        ) from error


def configure(
    clients: Clients, names: Names, cidrs: Sequence[str], poller: Poller, progress: Progress,
    is_public: bool = True,
) -> list[str]:  # fmt: skip
    """Let networks in, and give the warehouse an address on the internet, or take it away.

    Returns the networks that were not let in before.
    """
    with translated():
        found = lookup.require(clients, names)
        group = _require_group(clients, names)
        if found.kind == "cluster":
            clusters.require_tls(clients, found.parameter_group)
        elif found.parameters.get("require_ssl") != "true":
            raise ProvisionError(
                f"the workgroup {names.cluster} accepts connections without TLS, so no network was allowed. "
                "Set its parameter require_ssl to true, then repeat the command."
            )
        new = ingress.let_in(clients, group, cidrs)
        if found.is_public != is_public:
            progress.step(f"making the {found.kind} {'reachable' if is_public else 'private'}")
            _wait(clients, names, found.kind, poller, progress)
            if found.kind == "cluster":
                clients.redshift.modify_cluster(ClusterIdentifier=names.cluster, PubliclyAccessible=is_public)
            else:
                serverless.set_public(clients, names, is_public)
        _wait(clients, names, found.kind, poller, progress)
    return new


def _wait(clients: Clients, names: Names, kind: Kind, poller: Poller, progress: Progress) -> None:
    if kind == "cluster":
        clusters.wait_for(clients, names, "available", poller, progress)
    else:
        serverless.wait_for(clients, names, "workgroup", poller, progress)


def open_cidrs(clients: Clients, names: Names) -> list[str]:
    """The networks that our group lets in. Raises ProvisionError if there is neither cluster nor group."""
    with translated():
        return ingress.open_cidrs(_require_group(clients, names))


def lets_in(clients: Clients, names: Names) -> list[str]:
    """All that may reach the port. Raises ProvisionError if there is neither cluster nor group."""
    with translated():
        found = lookup.find(clients, names)
        return ingress.lets_in(clients, _require_group(clients, names), found.groups if found else ())


def close(clients: Clients, names: Names, cidrs: Sequence[str]) -> list[str]:
    """Take the rules of our group back, all of them if no network is named; return what is out now."""
    with translated():
        return ingress.shut_out(clients, names, _require_group(clients, names), cidrs)


def pause(clients: Clients, names: Names, poller: Poller, progress: Progress) -> None:
    """Pause the cluster; one that is paused is left as it is."""
    with translated():
        if _require_pausable(clients, names).state not in ("paused", "pausing"):
            clusters.wait_for(clients, names, "available", poller, progress)
            clients.redshift.pause_cluster(ClusterIdentifier=names.cluster)
        clusters.wait_for(clients, names, "paused", poller, progress)


def resume(clients: Clients, names: Names, poller: Poller, progress: Progress) -> None:
    """Resume the cluster; one that runs is left as it is."""
    with translated():
        if _require_pausable(clients, names).state in ("paused", "pausing"):
            clusters.wait_for(clients, names, "paused", poller, progress)
            clients.redshift.resume_cluster(ClusterIdentifier=names.cluster)
        clusters.wait_for(clients, names, "available", poller, progress)


def _require_pausable(clients: Clients, names: Names) -> Deployment:
    found = lookup.require(clients, names)
    if found.kind == "workgroup":
        raise ProvisionError(
            f"the workgroup {names} cannot be paused or resumed: it is paid only while queries run, and for "
            "its storage."
        )
    return found


def delete(clients: Clients, names: Names, snapshot: str, poller: Poller, progress: Progress) -> list[str]:
    """Delete everything that is ours, however far a launch came; return what is left, which costs money."""
    with translated():
        if group := ingress.find_group(clients, names):
            ingress.clear(clients, group)
        clusters.delete_cluster(clients, names, snapshot, poller, progress)
        if serverless.find(clients, names) or serverless.find_namespace(clients, names) is not None:
            serverless.delete(clients, names, snapshot, poller, progress)
        progress.step("deleting the security group")
        poller.until(f"the security group {names.group} being free", lambda: _delete_group(clients, names))
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
        if group := serverless.find(clients, names):
            found.append(Left(f"workgroup {names.cluster}", group.tags.get("expires", "")))
        if (held := serverless.find_namespace(clients, names)) is not None:
            found.append(Left(f"namespace {names.cluster}", held.get("expires", "")))
        mine: Any = [{"Name": f"tag:{key}", "Values": [value]} for key, value in names.marks.items()]
        for one in clients.ec2.describe_security_groups(Filters=mine)["SecurityGroups"]:
            note(f"security group {one['GroupName']}", one["Tags"])
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


def kind_of(left: Sequence[Left]) -> Kind:
    """What they are left of; a cluster where no warehouse is among them, since nothing tells."""
    is_serverless = any(one.what.startswith(("workgroup ", "namespace ")) for one in left)
    return "workgroup" if is_serverless else "cluster"


def is_over(left: Sequence[Left], now: dt.datetime) -> bool:
    """Whether the time to live is over: the warehouse's, or that of all that is left of one.

    What has no tag lives as long as it likes.
    """
    ends = [one.expires for one in left if one.what.startswith(WAREHOUSES)] or [
        one.expires for one in left if one.expires
    ]
    return bool(ends) and all(
        end not in ("", "never") and dt.datetime.fromisoformat(end) <= now for end in ends
    )


def snapshots(clients: Clients, names: Names) -> dict[str, str]:
    """The snapshots that somebody asked for, with the commands of the AWS CLI that remove them."""
    at = f"--region {names.region}"
    with translated():
        of_cluster = {
            one: f"aws redshift delete-cluster-snapshot {at} --snapshot-identifier {one}"
            for one in clusters.snapshots(clients, names)
        }
        return of_cluster | {
            one: f"aws redshift-serverless delete-snapshot {at} --snapshot-name {one}"
            for one in serverless.snapshots(clients, names)
        }


def _require_group(clients: Clients, names: Names) -> "SecurityGroupTypeDef":
    group = ingress.find_group(clients, names)
    if group is None:
        lookup.require(clients, names)
        raise ProvisionError("the cluster has no security group. `sparkify cluster launch` makes it.")
    return group


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
