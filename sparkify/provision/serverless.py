"""The warehouse as a serverless workgroup with a namespace of the same name: created, watched, deleted.

The namespace holds data, users and the password, the workgroup computes. It is paid while queries run, so
nothing can be paused; what it may cost is capped twice, by its greatest capacity and by RPU-hours a day.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sparkify.aws import Clients, code
from sparkify.errors import ProvisionError
from sparkify.progress import Progress
from sparkify.provision.deployment import Deployment, of_workgroup, roles_of, state
from sparkify.provision.ingress import PORT
from sparkify.provision.names import SHORTEST_NAMESPACE, Names, as_dict
from sparkify.provision.network import Network
from sparkify.provision.polling import Poller
from sparkify.provision.price import Capacity

_COMPUTE = "serverless-compute"


def find(clients: Clients, names: Names) -> Deployment | None:
    """Our workgroup with its namespace. Raises ProvisionError if one of this name is not ours.

    Who may not ask for workgroups has launched none: that is no error, a cluster needs no such permission.
    """
    workgroup, namespace = (_look(clients, kind, names) for kind in ("workgroup", "namespace"))
    tags = {
        kind: _require_ours(clients, names, kind, one[f"{kind}Arn"])
        for kind, one in (("workgroup", workgroup), ("namespace", namespace))
        if one
    }
    if workgroup is None:
        return None
    limits = _limits(clients, workgroup)
    return of_workgroup(workgroup, namespace or {}, tags["workgroup"], limits[0]["amount"] if limits else 0)


def find_namespace(clients: Clients, names: Names) -> Mapping[str, str] | None:
    """The tags of our namespace, if there is one. Raises ProvisionError if it is not ours."""
    namespace = _look(clients, "namespace", names)
    return _require_ours(clients, names, "namespace", namespace["namespaceArn"]) if namespace else None


def left_namespace(clients: Clients, names: Names) -> tuple[str, str, tuple[str, ...]] | None:
    """Database, master user and roles of a namespace that a launch made, if there is one."""
    found = _look(clients, "namespace", names)
    return (found.get("dbName", ""), found.get("adminUsername", ""), roles_of(found)) if found else None


def require_offered(clients: Clients) -> None:
    """Raise ProvisionError where there is no Redshift Serverless."""
    if clients.serverless is None:
        raise ProvisionError(
            f"Redshift Serverless is not offered in {clients.region}. Leave --serverless out."
        )


def create_namespace(
    clients: Clients, names: Names, database: str, user: str, role: str, tags: Mapping[str, str]
) -> None:
    """Ask for the namespace, its password kept by AWS; one that is there is left as it is."""
    if _get(clients, "namespace", names) is None:
        clients.serverless.create_namespace(
            namespaceName=names.cluster, dbName=database, adminUsername=user, manageAdminPassword=True,
            iamRoles=[role], defaultIamRoleArn=role, tags=_tags(tags),
        )  # fmt: skip


def create_workgroup(
    clients: Clients, names: Names, capacity: Capacity, group: str, network: Network, tags: Mapping[str, str]
) -> None:
    """Ask for the workgroup: capped, reachable by nobody yet, by TLS only."""
    where: Any = {"subnetIds": list(network.subnets)} if network.subnets else {}
    clients.serverless.create_workgroup(
        workgroupName=names.cluster, namespaceName=names.cluster, baseCapacity=capacity.base,
        maxCapacity=capacity.cap, port=PORT, publiclyAccessible=False, securityGroupIds=[group],
        configParameters=[{"parameterKey": "require_ssl", "parameterValue": "true"}],
        tags=_tags(tags), **where,
    )  # fmt: skip


def ensure_limit(clients: Clients, names: Names, hours: int) -> None:
    """Have queries turned off after so many RPU-hours a day; 0 leaves what there is."""
    workgroup = _get(clients, "workgroup", names)
    if hours and not _limits(clients, workgroup):
        clients.serverless.create_usage_limit(
            resourceArn=workgroup["workgroupArn"], usageType=_COMPUTE, amount=hours, period="daily",
            breachAction="deactivate",
        )  # fmt: skip


def extend(clients: Clients, names: Names, tags: Mapping[str, str]) -> None:
    """Give what exists another time to live."""
    for kind in ("namespace", "workgroup"):
        if found := _get(clients, kind, names):
            clients.serverless.tag_resource(
                resourceArn=found[f"{kind}Arn"], tags=_tags({"expires": tags["expires"]})
            )


def wait_for(clients: Clients, names: Names, kind: str, poller: Poller, progress: Progress) -> None:
    """Wait until the workgroup, or the namespace, is available, telling of each change."""
    last = ""

    def probe() -> bool | None:
        nonlocal last
        found = _get(clients, kind, names)
        if found is None:
            raise ProvisionError(
                f"the {kind} {names.cluster} is gone. `sparkify cluster launch` makes it again."
            )
        if found["status"] != last:
            last = found["status"]
            progress.step(f"the {kind} is {state(last)}")
        return state(last) == "available" or None

    poller.until(f"the {kind} {names.cluster} being available", probe)


def set_public(clients: Clients, names: Names, is_public: bool) -> None:
    """Give the workgroup an address on the internet, or take it away.

    One thing at a time: AWS refuses two changes in one call (terraform-provider-aws#26624).
    """
    clients.serverless.update_workgroup(workgroupName=names.cluster, publiclyAccessible=is_public)


def delete(clients: Clients, names: Names, snapshot: str, poller: Poller, progress: Progress) -> None:
    """Delete the workgroup, then the namespace, however far a launch came; wait until both are gone."""
    kept: Any = {"finalSnapshotName": snapshot} if snapshot else {}
    for kind, more in (("workgroup", {}), ("namespace", kept)):
        if _get(clients, kind, names) is not None:
            progress.step(f"deleting the {kind}")
            gone = partial(_gone, clients, names, kind, more)
            poller.until(f"the {kind} {names.cluster} being gone", gone)


def snapshots(clients: Clients, names: Names) -> list[str]:
    """The snapshots of our namespace, which outlive it."""
    if clients.serverless is None:
        return []
    try:
        found = clients.serverless.list_snapshots(namespaceName=names.cluster).get("snapshots", [])
    except clients.iam.exceptions.ClientError as error:
        if code(error) in ("AccessDeniedException", "ResourceNotFoundException"):
            return []
        raise
    return sorted(one["snapshotName"] for one in found)


def _gone(clients: Clients, names: Names, kind: str, more: Mapping[str, str]) -> bool | None:
    """Whether it is gone; asks for it as long as AWS refuses because something is going on.

    `There is an operation running on the namespace`: so says the code of terraform-provider-aws.
    """
    found = _get(clients, kind, names)
    if found is None:
        return True
    if state(found["status"]) == "available":
        try:
            getattr(clients.serverless, f"delete_{kind}")(**{f"{kind}Name": names.cluster}, **more)
        except clients.iam.exceptions.ClientError as error:
            if code(error) not in ("ConflictException", "ResourceNotFoundException"):
                raise
    return None


def _get(clients: Clients, kind: str, names: Names) -> Any:
    """The workgroup, or the namespace; None if there is none."""
    if clients.serverless is None:
        return None
    try:
        asked = getattr(clients.serverless, f"get_{kind}")(**{f"{kind}Name": names.cluster})
    except clients.iam.exceptions.ClientError as error:
        if code(error) == "ResourceNotFoundException":
            return None
        raise
    return asked[kind]


def _look(clients: Clients, kind: str, names: Names) -> Any:
    """As `_get`; None also for who may not ask, and for a name that no workgroup can have."""
    if len(names.cluster) < SHORTEST_NAMESPACE:
        return None
    try:
        return _get(clients, kind, names)
    except clients.iam.exceptions.ClientError as error:
        if code(error) == "AccessDeniedException":
            return None
        raise


def _limits(clients: Clients, workgroup: Any) -> Any:
    return clients.serverless.list_usage_limits(resourceArn=workgroup["workgroupArn"], usageType=_COMPUTE)[
        "usageLimits"
    ]


def _require_ours(clients: Clients, names: Names, kind: str, arn: str) -> Mapping[str, str]:
    listed = clients.serverless.list_tags_for_resource(resourceArn=arn).get("tags", [])
    tags = [{"Key": one["key"], "Value": one["value"]} for one in listed]
    if not names.owns(tags):
        raise ProvisionError(
            f"a {kind} {names.cluster} exists and is not ours: it lacks our tags. Rename [CLUSTER] NAME; to "
            "use a workgroup that you did not launch here, set [REDSHIFT] HOST."
        )
    return as_dict(tags)


def _tags(tags: Mapping[str, str]) -> Any:
    return [{"key": key, "value": value} for key, value in tags.items()]
