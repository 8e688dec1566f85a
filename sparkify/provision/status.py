"""How a cluster stands: what it costs, until when it lives, who may reach it."""

import datetime as dt
from dataclasses import dataclass

from sparkify.aws import Clients, translated
from sparkify.provision import cluster as clusters
from sparkify.provision import ingress
from sparkify.provision.names import Names, as_dict, expiry
from sparkify.provision.price import Size


@dataclass(frozen=True)
class Status:
    """How a cluster stands."""

    cluster: str
    region: str
    status: str
    node_type: str
    nodes: int
    usd_per_hour: float | None
    """While it runs; None where we know no price."""
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
    lets_in: list[str]

    def rows(self) -> list[tuple[str, str]]:
        """For people."""
        size = Size(self.node_type, self.nodes)
        return [
            ("cluster", f"{self.cluster} in {self.region}"),
            ("status", self.status),
            ("nodes", f"{size.nodes} x {size.node_type}"),
            ("price", "storage only while it is paused" if self.status == "paused" else size.price),
            ("created", self.created),
            ("expires", f"{self.expires}{' (expired)' if self.is_expired else ''}"),
            ("endpoint", f"{self.host}:{self.port}" if self.host else "none yet"),
            ("lets in", ", ".join(self.lets_in) or "nobody"),
        ]


def status(clients: Clients, names: Names, now: dt.datetime) -> Status:
    """How the cluster stands. Raises ProvisionError if there is none."""
    with translated():
        cluster = clusters.require_cluster(clients, names)
        group = ingress.find_group(clients, names)
    address = cluster.get("Endpoint", {})
    tags = cluster.get("Tags", [])
    ends = expiry(tags)
    size = Size(cluster["NodeType"], cluster["NumberOfNodes"])
    return Status(
        names.cluster,
        names.region,
        cluster["ClusterStatus"],
        size.node_type,
        size.nodes,
        size.per_hour,
        as_dict(tags).get("created", ""),
        as_dict(tags).get("expires", "never"),
        ends is not None and ends <= now,
        address.get("Address", ""),
        address.get("Port", 0),
        cluster["DBName"],
        cluster["MasterUsername"],
        cluster.get("MasterPasswordSecretArn", ""),
        ingress.open_cidrs(group),
    )
