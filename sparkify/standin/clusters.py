"""Clusters: how long they take, what they refuse, and the front through which each answers SQL.

moto keeps the books; what it is too kind about is refused before it hears of it, and what it says of a
cluster is corrected on its way out.
"""

import json
import re
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sparkify.standin.account import ACCOUNT, Account
from sparkify.standin.backend import administer, quoted
from sparkify.standin.copying import Copier
from sparkify.standin.front import Front

NODE_TYPES = {
    "rg.large": 2, "rg.xlarge": 2, "rg.4xlarge": 8, "rg.12xlarge": 16,
    "ra3.large": 2, "ra3.xlplus": 2, "ra3.4xlarge": 4, "ra3.16xlarge": 16,
}  # fmt: skip
"""The node types that can be ordered, with their slices."""
Form = Mapping[str, str]
Status = Literal["creating", "available", "pausing", "paused", "resuming", "modifying", "deleting"]
_NEXT: dict[Status, Status] = {
    "creating": "available", "pausing": "paused", "resuming": "available", "modifying": "available",
}  # fmt: skip


class ApiError(Exception):
    """An answer that is an error: (code, message)."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


@dataclass
class Cluster:
    """One cluster as the stand-in runs it."""

    name: str
    database: str
    master: str
    groups: list[str]
    roles: list[str]
    is_public: bool
    port: int = 5439
    status: Status = "creating"
    since: float = field(default_factory=time.monotonic)
    passwords: dict[str, str] = field(default_factory=dict)
    secret_arn: str = ""
    front: Front | None = None


class Clusters:
    """All clusters of the account, and the Redshift API's own rules about them."""

    def __init__(
        self,
        socket: str,
        tls: ssl.SSLContext,
        account: Account,
        run: Callable[[Any], Any],
        seconds: float,
    ) -> None:
        """`run` runs a coroutine on the fronts' loop; every change of state takes `seconds`."""
        self._socket, self._tls, self._account, self._run, self.seconds = socket, tls, account, run, seconds
        self._known: dict[str, Cluster] = {}
        self.requires_tls = True
        """What the default parameter group says; accounts from before 2025 may say otherwise."""
        self.next_port = 0
        """Where the next cluster answers SQL; 0 is a free port."""

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
            self._known[form["ClusterIdentifier"]].status = "deleting"
            self._known[form["ClusterIdentifier"]].since = time.monotonic()
        return re.sub(r"<Cluster>.*?</Cluster>", lambda found: self._corrected(found.group()), answer)

    def uses_group(self, group_id: str) -> bool:
        """Whether a cluster, gone or not quite, still holds this security group."""
        self._advance()
        return any(group_id in cluster.groups for cluster in self._known.values())

    def close(self) -> None:
        """Close every front."""
        for cluster in self._known.values():
            if cluster.front:
                self._run(cluster.front.close())
        self._known.clear()

    def _advance(self) -> None:
        for cluster in list(self._known.values()):
            if time.monotonic() - cluster.since < self.seconds:
                continue
            if cluster.status == "deleting":
                self._run(self._raze(cluster))
                self._forget_secret(cluster)
                del self._known[cluster.name]
            elif cluster.status in _NEXT:
                cluster.status = _NEXT[cluster.status]

    def _create(self, form: dict[str, str]) -> None:
        _check_shape(form)
        managed = form.get("ManageMasterPassword") == "true"
        password = form.get("MasterUserPassword", "")
        if managed == bool(password):
            raise ApiError("InvalidParameterCombination", "Give MasterUserPassword or ManageMasterPassword")
        if password and not re.fullmatch(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[!-~]{8,64}", password):
            raise _invalid("The parameter MasterUserPassword is not a valid password")
        if form["ClusterIdentifier"] in self._known:
            raise ApiError("ClusterAlreadyExists", "Cluster already exists")
        roles = [value for key, value in form.items() if key.startswith("IamRoles.")]
        groups = [value for key, value in form.items() if key.startswith("VpcSecurityGroupIds.")]
        for role in roles:
            if not self._account.role_exists(role):
                raise _invalid(f"The IAM role {role} is not valid or cannot be assumed")
        for group in groups:
            if not self._account.group_exists(group):
                raise _invalid(f"The security group {group} does not exist")
        cluster = Cluster(
            form["ClusterIdentifier"], form.get("DBName", "dev"), form["MasterUsername"], groups, roles,
            form.get("PubliclyAccessible") == "true", int(form.get("Port", "5439")),
        )  # fmt: skip
        cluster.passwords[cluster.master] = password or secrets.token_urlsafe(24) + "aA1"
        form["MasterUserPassword"] = "Never1Looked2At"
        self._known[cluster.name] = cluster
        if managed:
            cluster.secret_arn = self._keep_secret(cluster)
        self._run(self._build(cluster))

    def _delete(self, form: Form) -> None:
        cluster = self._found(form, "available", "paused")
        if form.get("SkipFinalClusterSnapshot") != "true" and not form.get("FinalClusterSnapshotIdentifier"):
            raise ApiError("InvalidParameterCombination", "FinalClusterSnapshotIdentifier is required")
        if cluster.front:
            self._run(cluster.front.close())

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
        cluster = self._found(form, "available")
        user, password = "IAM:root", secrets.token_urlsafe(16)
        cluster.passwords[user] = password
        self._run(self._add_user(user))
        return (
            f"<DbUser>{user}</DbUser><DbPassword>{password}</DbPassword>"
            "<Expiration>2099-01-01T00:00:00Z</Expiration>"
        )

    def _orderable(self, form: Form) -> str:
        wanted = form.get("NodeType")
        options = "".join(
            f"<OrderableClusterOption><NodeType>{kind}</NodeType><ClusterType>multi-node</ClusterType>"
            "</OrderableClusterOption>"
            for kind in NODE_TYPES
            if wanted in (None, kind)
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
        if cluster.status not in ("creating", "deleting") and cluster.front and cluster.front.port:
            endpoint = f"<Endpoint><Address>localhost</Address><Port>{cluster.front.port}</Port></Endpoint>"
        said = {"ClusterStatus": cluster.status, "PubliclyAccessible": str(cluster.is_public).lower()}
        for name, value in said.items():
            element = re.sub(f"<{name}>.*?</{name}>", f"<{name}>{value}</{name}>", element)
        secret = (
            f"<MasterPasswordSecretArn>{cluster.secret_arn}</MasterPasswordSecretArn>"
            if cluster.secret_arn
            else ""
        )
        return element.replace("</Cluster>", f"{endpoint}{secret}</Cluster>")

    def _keep_secret(self, cluster: Cluster) -> str:
        value = json.dumps({"username": cluster.master, "password": cluster.passwords[cluster.master]})
        made = _secrets(self._account).create_secret(
            name=f"redshift!{cluster.name}-{cluster.master}", secret_string=value, secret_binary=None,
            description=None, tags=[], kms_key_id=None, client_request_token=None, replica_regions=[],
            force_overwrite=True,
        )  # fmt: skip
        return str(json.loads(made)["ARN"])

    def _forget_secret(self, cluster: Cluster) -> None:
        if cluster.secret_arn:
            _secrets(self._account).delete_secret(
                secret_id=cluster.secret_arn, recovery_window_in_days=None, force_delete_without_recovery=True
            )

    async def _build(self, cluster: Cluster) -> None:
        await self._add_user(cluster.master)
        await administer(
            self._socket, "postgres",
            f'DROP DATABASE IF EXISTS "{cluster.name}.{cluster.database}" WITH (FORCE)',
            f'CREATE DATABASE "{cluster.name}.{cluster.database}" OWNER "{cluster.master}"',
        )  # fmt: skip
        copier = Copier(
            f"{cluster.name}.{cluster.database}", Path(self._socket).parent / "notes", self._account,
            _Attached(cluster, self._account), self._account.region_name,
        )  # fmt: skip
        cluster.front = Front(
            self._socket, self._tls, f"{cluster.name}.", lambda: cluster.passwords, copier,
            lambda: self._reachable(cluster),
        )  # fmt: skip
        port, self.next_port = self.next_port, 0
        await cluster.front.listen(port)

    def _reachable(self, cluster: Cluster) -> bool:
        self._advance_one(cluster)
        return (
            cluster.status == "available"
            and cluster.is_public
            and self._account.is_open(cluster.groups, cluster.port)
        )

    def _advance_one(self, cluster: Cluster) -> None:
        if cluster.status in _NEXT and time.monotonic() - cluster.since >= self.seconds:
            cluster.status = _NEXT[cluster.status]

    async def _add_user(self, user: str) -> None:
        await administer(
            self._socket, "postgres",
            f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = {quoted(user)}) "
            f"THEN CREATE ROLE \"{user}\" LOGIN; END IF; END $$",
        )  # fmt: skip

    async def _raze(self, cluster: Cluster) -> None:
        if cluster.front:
            await cluster.front.close()
        await administer(
            self._socket,
            "postgres",
            f'DROP DATABASE IF EXISTS "{cluster.name}.{cluster.database}" WITH (FORCE)',
        )


def _secrets(account: Account) -> Any:
    from moto.secretsmanager.models import secretsmanager_backends

    return secretsmanager_backends[ACCOUNT][account.region_name]


def _check_shape(form: Form) -> None:
    """Refuse a cluster that could not be ordered."""
    kind, nodes, port = form["NodeType"], int(form.get("NumberOfNodes", "1")), int(form.get("Port", "5439"))
    if kind not in NODE_TYPES:
        raise _invalid(f"Invalid node type: {kind}")
    if form.get("Encrypted", "true") == "false":
        raise _invalid("Unencrypted clusters cannot be created")
    if form.get("ClusterType", "multi-node") == "multi-node" and nodes < 2:
        raise _invalid("Number of nodes for cluster type multi-node must be at least 2")
    if not (5431 <= port <= 5455 or 8191 <= port <= 8215):
        raise _invalid(f"Port {port} is not in 5431-5455 or 8191-8215")
    if form.get("AutomatedSnapshotRetentionPeriod") == "0":
        raise _invalid("AutomatedSnapshotRetentionPeriod cannot be 0 for this node type")


def _invalid(message: str) -> ApiError:
    return ApiError("InvalidParameterValue", message)


@dataclass
class _Attached:
    """The roles that a cluster may take on."""

    cluster: Cluster
    account: Account

    def refusal(self, arn: str, bucket: str, key: str) -> str | None:
        """Why the cluster may not read this object in this role; None if it may."""
        user = (
            f"arn:aws:redshift:{self.account.region_name}::dbuser:{self.cluster.name}/{self.cluster.master}"
        )
        if arn not in self.cluster.roles or not self.account.role_exists(arn):
            return f"User {user} is not authorized to assume IAM Role {arn}"
        if not self.account.may_read(arn, bucket, key):
            return f"S3ServiceException:Access Denied,Status 403,Error AccessDenied,s3://{bucket}/{key}"
        return None
