"""Clusters: how long they take, what they refuse, and the wire server through which each answers SQL.

moto keeps the records; what it is too kind about is refused before it hears of it, and what it says of a
cluster is corrected on its way out.
"""

import re
import time
from dataclasses import dataclass, field
from typing import Literal

from sparkify.emulator.account import Account
from sparkify.emulator.errors import ApiError, invalid
from sparkify.emulator.hosting import Host, Hosted
from sparkify.emulator.rules import NODE_TYPES, SINGLE, Form, check_cluster, listed

Status = Literal["creating", "available", "pausing", "paused", "resuming", "modifying", "deleting"]
_NEXT: dict[Status, Status] = {
    "creating": "available", "pausing": "paused", "resuming": "available", "modifying": "available",
}  # fmt: skip


@dataclass
class Cluster(Hosted):
    """One cluster."""

    status: Status = "creating"
    since: float = field(default_factory=time.monotonic)


class Clusters:
    """All clusters of the account, and the Redshift API's own rules about them."""

    def __init__(self, host: Host, account: Account, seconds: float) -> None:
        """Every change of state takes `seconds`."""
        self.host, self._account, self.seconds = host, account, seconds
        self._known: dict[str, Cluster] = {}
        self.requires_tls = True
        """What the default parameter group says; accounts from before 2025 may say otherwise."""
        self.background = ""
        """What an available cluster does in the background: `resize-cleanup`, `prep-for-resize`."""
        self.not_sold: tuple[str, ...] = ()
        """Node types that this region does not sell."""

    def before(self, action: str, form: dict[str, str]) -> str | None:
        """Refuse, answer, or complete a request before moto sees it. Raises ApiError."""
        self._advance()
        handler = {
            "CreateCluster": self._create,
            "DeleteCluster": self._delete,
            "PauseCluster": self._pause,
            "ResumeCluster": self._resume,
            "ModifyCluster": self._modify,
            "GetClusterCredentialsWithIAM": self._credentials,
            "DescribeOrderableClusterOptions": self._orderable,
            "DescribeClusterParameters": self._parameters,
        }.get(action)
        return handler(form) if handler else None

    def after(self, action: str, form: Form, answer: str) -> str:
        """Correct what moto says of clusters."""
        if action == "DeleteCluster":
            self._turn(self._known[form["ClusterIdentifier"]], "deleting")
        return re.sub(r"<Cluster>.*?</Cluster>", lambda found: self._corrected(found.group()), answer)

    def uses_group(self, group_id: str) -> bool:
        """Whether a cluster, gone or not quite, still holds this security group."""
        self._advance()
        return any(group_id in cluster.groups for cluster in self._known.values())

    def close(self) -> None:
        """Close every wire server, and let moto, which outlives us, forget the clusters."""
        for cluster in self._known.values():
            self.host.close(cluster)
            self.host.forget_password(cluster.secret_arn)
            self._account.drop_cluster(cluster.name)
        self._known.clear()

    def _advance(self) -> None:
        for cluster in list(self._known.values()):
            if cluster.status == "deleting" and time.monotonic() - cluster.since >= self.seconds:
                self.host.raze(cluster)
                self.host.forget_password(cluster.secret_arn)
                del self._known[cluster.name]
            self._advance_one(cluster)

    def _advance_one(self, cluster: Cluster) -> None:
        if cluster.status in _NEXT and time.monotonic() - cluster.since >= self.seconds:
            cluster.status = _NEXT[cluster.status]

    def _create(self, form: dict[str, str]) -> None:
        if form["ClusterIdentifier"] in self._known:
            raise ApiError("ClusterAlreadyExists", "Cluster already exists")
        check_cluster(form, self._account, self.not_sold)
        cluster = Cluster(
            form["ClusterIdentifier"], form.get("DBName", "dev"), form["MasterUsername"],
            listed(form, "VpcSecurityGroupIds"), listed(form, "IamRoles"), ("redshift.amazonaws.com",),
            form.get("PubliclyAccessible") == "true", int(form.get("Port", "5439")),
        )  # fmt: skip
        self._known[cluster.name] = cluster
        password = form.get("MasterUserPassword", "")
        if not password:
            password, cluster.secret_arn = self.host.keep_password(cluster.name, cluster.master)
        self.host.build(cluster, password, lambda: self._is_up(cluster))
        form["MasterUserPassword"] = "Never1Looked2At"
        form["Encrypted"] = "true"  # the default: API reference, CreateCluster

    def _is_up(self, cluster: Cluster) -> bool:
        self._advance_one(cluster)
        return cluster.status == "available"

    def _delete(self, form: Form) -> None:
        cluster = self._found(form, "available", "paused")
        if form.get("SkipFinalClusterSnapshot") != "true" and not form.get("FinalClusterSnapshotIdentifier"):
            raise ApiError("InvalidParameterCombination", "FinalClusterSnapshotIdentifier is required")
        self.host.close(cluster)

    def _pause(self, form: Form) -> None:
        self._turn(self._found(form, "available"), "pausing")

    def _resume(self, form: Form) -> None:
        self._turn(self._found(form, "paused"), "resuming")

    def _modify(self, form: Form) -> None:
        cluster = self._found(form, "available")
        if "PubliclyAccessible" in form:
            cluster.is_public = form["PubliclyAccessible"] == "true"
        self._turn(cluster, "modifying")

    def _credentials(self, form: Form) -> str:
        """API reference, GetClusterCredentialsWithIAM."""
        cluster = self._found(form, "available")
        try:
            user, password, until = self.host.lend(cluster, form.get("DurationSeconds"))
        except ValueError as error:
            raise invalid(str(error)) from error
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(until))
        return (
            f"<DbUser>{user}</DbUser><DbPassword>{password}</DbPassword><Expiration>{ends}</Expiration>"
            f"<NextRefreshTime>{ends}</NextRefreshTime>"
        )

    def _orderable(self, form: Form) -> str:
        """API reference, DescribeOrderableClusterOptions: one option for each type and kind of cluster."""
        options = "".join(
            f"<OrderableClusterOption><ClusterVersion>1.0</ClusterVersion><ClusterType>{shape}</ClusterType>"
            f"<NodeType>{kind}</NodeType></OrderableClusterOption>"
            for kind in NODE_TYPES
            for shape in ("single-node", "multi-node")
            if kind not in self.not_sold
            and form.get("NodeType") in (None, kind)
            and (shape == "multi-node" or kind in SINGLE)
        )
        return f"<OrderableClusterOptions>{options}</OrderableClusterOptions>"

    def _parameters(self, form: Form) -> str:  # noqa: ARG002  # all clusters have one group
        value = str(self.requires_tls).lower()
        return (
            "<Parameters><Parameter><ParameterName>require_ssl</ParameterName>"
            f"<ParameterValue>{value}</ParameterValue></Parameter></Parameters>"
        )

    def _found(self, form: Form, *states: Status) -> Cluster:
        cluster = self._known.get(form["ClusterIdentifier"])
        if cluster is None:
            raise ApiError("ClusterNotFound", f"Cluster {form['ClusterIdentifier']} not found.", 404)
        if cluster.status not in states:
            raise ApiError(
                "InvalidClusterState", f"There is an operation running on the Cluster ({cluster.status})."
            )
        return cluster

    def _turn(self, cluster: Cluster, status: Status) -> None:
        cluster.status, cluster.since = status, time.monotonic()

    def _corrected(self, element: str) -> str:
        found = re.search(r"<ClusterIdentifier>(.*?)</ClusterIdentifier>", element)
        cluster = self._known.get(found.group(1)) if found else None
        if cluster is None:
            return element
        element = re.sub(r"<Endpoint>.*?</Endpoint>", "", element)
        endpoint = ""
        if cluster.status not in ("creating", "deleting") and cluster.wire and cluster.wire.port:
            endpoint = f"<Endpoint><Address>localhost</Address><Port>{cluster.wire.port}</Port></Endpoint>"
        status: str = cluster.status
        if status == "available" and self.background:  # API reference, Cluster: `available, resize-cleanup`
            status += f", {self.background}"
        said = {"ClusterStatus": status, "PubliclyAccessible": str(cluster.is_public).lower()}
        for name, value in said.items():
            element = re.sub(f"<{name}>.*?</{name}>", f"<{name}>{value}</{name}>", element)
        secret = (
            f"<MasterPasswordSecretArn>{cluster.secret_arn}</MasterPasswordSecretArn>"
            if cluster.secret_arn
            else ""
        )
        return element.replace("</Cluster>", f"{endpoint}{secret}</Cluster>")
