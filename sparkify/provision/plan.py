"""What a launch would make, and change, of what stands."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sparkify.aws import Clients, translated
from sparkify.config import Config
from sparkify.provision import cluster as clusters
from sparkify.provision import ingress, role
from sparkify.provision.names import Names, expiry
from sparkify.provision.price import Size, orderable
from sparkify.provision.target import scratch_region, source_buckets
from sparkify.store import split

if TYPE_CHECKING:
    from types_boto3_redshift.type_defs import ClusterTypeDef


@dataclass(frozen=True)
class Standing:
    """What is there before a launch; by default nothing."""

    cluster: "ClusterTypeDef | None" = None
    lets_in: Sequence[str] = ()
    may_read: Sequence[str] = ()


def look(clients: Clients, names: Names) -> Standing:
    """What is there. Raises ProvisionError if something of our names is not ours."""
    with translated():
        return Standing(
            clusters.find_cluster(clients, names),
            ingress.open_cidrs(ingress.find_group(clients, names)),
            role.may_read(clients, names),
        )


@dataclass(frozen=True)
class Launch:
    """What a launch would make, or leave as it is."""

    names: Names
    size: Size
    """That of the cluster which stands, if one does."""
    buckets: Sequence[str]
    """The buckets that the role may read, the scratch bucket that launch makes left out."""
    scratch_region: str
    expires: dt.datetime | None
    policy: str = ""
    arn: str = ""
    """A role of somebody else's, in place of ours."""
    scratch: str = ""
    """A prefix of somebody else's, in place of our bucket."""
    standing: Standing = Standing()

    def lines(self) -> list[str]:
        """The plan in words."""
        per_day = "" if self.size.per_hour is None else f", {24 * self.size.per_hour:.2f} USD/day"
        stands = self.standing.cluster is not None
        lives = "it stands already, and keeps its size" if stands else "until it is deleted"
        return [
            f"cluster   {self.names}: {self.size}{per_day}, {lives}",
            f"expires   {self.expires.isoformat(timespec='seconds') if self.expires else 'never'}",
            f"role      {self._role()}",
            f"network   {self.names.group}, lets in {', '.join(self.standing.lets_in) or 'nobody'}",
            f"scratch   {self.scratch or f'a bucket of its own in {self.scratch_region}'}",
        ]

    def _role(self) -> str:
        if self.arn:
            return f"{self.arn}, as it is"
        own = [] if self.scratch else ["the scratch bucket"]
        reads = [self.policy] if self.policy else [*self.buckets, *own]
        lost = [
            one
            for one in self.standing.may_read
            if one not in reads and not (own and one.startswith(f"{self.names.group}-scratch-"))
        ]
        instead = "in place of" if self.policy else "no longer"
        return f"{self.names.role}, may read {', '.join(reads)}" + (
            f"; {instead} {', '.join(lost)}" if lost else ""
        )


def plan_launch(
    config: Config, names: Names, standing: Standing, ttl: dt.timedelta | None, now: dt.datetime
) -> Launch:
    """What `launch` would make. Raises ConfigError for a cluster that cannot be ordered, or has no name."""
    size = orderable(config.cluster.node_type, config.cluster.nodes)
    expires = now + ttl if ttl else None
    if cluster := standing.cluster:
        size = Size(cluster["NodeType"], cluster["NumberOfNodes"])
        expires = expires or expiry(cluster.get("Tags", []))
    buckets, scratch = source_buckets(config), config.redshift.scratch
    region = scratch_region(config, names.region)
    if scratch:
        buckets = list(dict.fromkeys([*buckets, split(scratch)[0]]))
    else:
        names.check(region)
    return Launch(names, size, buckets, region, expires, config.iam.policy, config.iam.arn, scratch, standing)
