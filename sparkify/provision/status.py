"""How a cluster stands: what it costs, until when it lives, who may reach it."""

import datetime as dt
from dataclasses import dataclass, replace

from sparkify.aws import Clients, translated
from sparkify.provision import ingress, lookup
from sparkify.provision.deployment import Kind
from sparkify.provision.names import Names, expiry
from sparkify.provision.price import RPU, Size, rate


@dataclass(frozen=True)
class Status:
    """How a cluster, or a serverless workgroup, stands."""

    cluster: str
    region: str
    kind: Kind
    status: str
    node_type: str
    """Empty for a workgroup."""
    nodes: int
    """0 for a workgroup."""
    size: str
    price: str
    usd_per_hour: float | None
    """While it runs, a workgroup at its base capacity; None where we know no price in USD."""
    created: str
    expires: str
    is_expired: bool
    host: str
    port: int
    database: str
    user: str
    """The master user."""
    secret: str
    """ARN of the secret that holds the master user's password."""
    is_public: bool
    lets_in: list[str]

    def rows(self) -> list[tuple[str, str]]:
        """For people."""
        return [
            (self.kind, f"{self.cluster} in {self.region}"),
            ("status", self.status),
            ("nodes" if self.nodes else "capacity", self.size),
            ("price", self.price),
            ("created", self.created),
            ("expires", f"{self.expires}{' (expired)' if self.is_expired else ''}"),
            ("endpoint", f"{self.host}:{self.port}" if self.host else "none yet"),
            ("reach", "the internet" if self.is_public else "its network only"),
            ("allowed networks", ", ".join(self.lets_in) or "none"),
        ]


def status(clients: Clients, names: Names, now: dt.datetime) -> Status:
    """How the cluster stands. Raises ProvisionError if there is none."""
    with translated():
        found = lookup.require(clients, names)
        lets_in = ingress.lets_in(clients, ingress.find_group(clients, names), found.groups)
    ends = expiry(found.tags)
    node_type, nodes = (found.size.node_type, found.size.nodes) if isinstance(found.size, Size) else ("", 0)
    size = replace(found.size, rate=rate(clients, node_type or RPU))
    return Status(
        names.cluster,
        names.region,
        found.kind,
        found.status,
        node_type,
        nodes,
        size.what,
        "storage only while it is paused" if found.state == "paused" else size.price,
        size.usd_per_hour,
        found.tags.get("created", ""),
        found.tags.get("expires", "never"),
        ends is not None and ends <= now,
        found.host,
        found.port,
        found.database,
        found.user,
        found.secret,
        found.is_public,
        lets_in,
    )
