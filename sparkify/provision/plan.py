"""What a launch would make, and change, of what stands."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sparkify.aws import Clients, translated
from sparkify.config import Config
from sparkify.errors import ProvisionError
from sparkify.provision import cluster, ingress, lookup, network, role, serverless
from sparkify.provision.deployment import Deployment, Kind
from sparkify.provision.names import Names, expiry
from sparkify.provision.network import Network
from sparkify.provision.price import RPU, Capacity, Rate, Size, capacity, orderable, rate
from sparkify.provision.reserved import check_names
from sparkify.provision.target import scratch_region, source_buckets
from sparkify.source.store import split

UNKNOWN = Network()


@dataclass(frozen=True)
class CurrentState:
    """What is there before a launch, by default nothing, and what AWS says to a new one."""

    deployment: Deployment | None = None
    lets_in: Sequence[str] = ()
    may_read: Sequence[str] = ()
    network: Network = UNKNOWN
    rate: Rate | None = None
    database: str = ""
    """That of a cluster, or a namespace, which stands; no launch changes it."""
    user: str = ""
    """Its master user, likewise."""
    unchecked: str = ""
    """Why nobody knows whether [IAM] ARN exists."""


def wanted(config: Config, region: str) -> Size | Capacity:
    """What is to be launched. Raises ConfigError for what AWS does not make; AWS is not asked."""
    check_names(config.cluster)
    if config.cluster.serverless == "yes":
        return capacity(config.cluster)
    return orderable(config.cluster.node_type, config.cluster.nodes, region)


def current_state(clients: Clients, config: Config, names: Names) -> CurrentState:
    """What is there. Raises ProvisionError if something of our names is not ours, or a launch could not be.

    So a plan fails where the launch would: no network, nodes that the region does not sell.
    """
    size = wanted(config, names.region)
    where = Network()
    with translated():
        found = lookup.find(clients, names)
        group = ingress.find_group(clients, names)
        unchecked = role.require_role(clients, config.iam.arn) if config.iam.arn else ""
        database, user = _kept(clients, config, names, found)
        if found:
            size = found.size
        else:
            where = network.find_network(clients, config.cluster.subnet_group)
            if isinstance(size, Size):
                if serverless.find_namespace(clients, names) is not None:
                    raise ProvisionError(
                        f"a launch of a workgroup {names} broke off and left a namespace. Go on with "
                        "--serverless, or remove it: `sparkify cluster delete`."
                    )
                cluster.require_orderable(clients, size)
            else:
                serverless.require_offered(clients)
                where.require_zones(clients.region)
        allowed = ingress.lets_in(clients, group, found.groups if found else ())
        return CurrentState(
            found, allowed, role.may_read(clients, names), where, price(clients, size),
            database, user, unchecked,
        )  # fmt: skip


def _kept(clients: Clients, config: Config, names: Names, found: Deployment | None) -> tuple[str, str]:
    """Database and master user of what stands; ProvisionError if the role that is wanted is not attached.

    While a cluster is created AWS may not tell its roles yet (unverified).
    """
    kind: Kind = found.kind if found else "workgroup"
    if found:
        database, user, roles = found.database, found.user, found.roles
    elif left := serverless.left_namespace(clients, names):
        database, user, roles = left
    else:
        return "", ""
    if roles or not (found and found.state == "creating"):
        arn = config.iam.arn or role.arn_of(clients, names)
        role.require_attached(names, kind, roles, arn)
    return database, user


def price(clients: Clients, size: Size | Capacity) -> Rate | None:
    """What an hour of one unit of it costs."""
    return rate(clients, size.node_type if isinstance(size, Size) else RPU)


@dataclass(frozen=True)
class Launch:
    """What a launch would make, or leave as it is."""

    names: Names
    size: Size | Capacity
    """That of the cluster or workgroup which stands, if one does."""
    buckets: Sequence[str]
    """The buckets that the role may read, the scratch bucket that launch makes left out."""
    scratch_region: str
    expires: dt.datetime | None
    policy: str = ""
    arn: str = ""
    """A role of somebody else's, in place of ours."""
    scratch: str = ""
    """A prefix of somebody else's, in place of our bucket."""
    is_public: bool = True
    standing: CurrentState = CurrentState()
    database: str = ""
    user: str = ""

    @property
    def kind(self) -> Kind:
        return "cluster" if isinstance(self.size, Size) else "workgroup"

    def lines(self) -> list[str]:
        """The plan in words."""
        stands = self.standing.deployment is not None
        lives = "it exists already, and keeps its size" if stands else "until it is deleted"
        reach = "" if self.is_public else "; private: reached by VPN or tunnel"
        where = f" in {self.standing.network}" if self.standing.network.subnet_group else ""
        lets_in = ", ".join(self.standing.lets_in) or "none"
        limit = [] if isinstance(self.size, Size) else [f"limit     {self.size.limit}"]
        return [
            f"{self.kind:<9} {self.names}: {self.size}{self.size.per_day}, {lives}",
            f"expires   {self.expires.isoformat(timespec='seconds') if self.expires else 'never'}",
            f"role      {self._role()}",
            f"network   security group {self.names.group}{where}; allowed networks: {lets_in}{reach}",
            f"scratch   {self.scratch or f'a bucket of its own in {self.scratch_region}'}",
            *limit,
            f"database  {self._made_with('database')}, master user {self._made_with('user')}",
        ]

    @property
    def prices(self) -> str:
        """Where the prices are from."""
        return f"prices {self.size.rate.source}, on demand" if self.size.rate else "no price is known here"

    def _made_with(self, what: Literal["database", "user"]) -> str:
        """What a setting says, or what was made with another, which stays."""
        stands, given = getattr(self.standing, what), getattr(self, what)
        if not stands or stands == given:
            return str(given)
        return f"{stands} as it was made (not {given}, as [CLUSTER] {what.upper()} says)"

    def _role(self) -> str:
        if self.arn:
            return ", ".join(filter(None, [self.arn, "as it is", self.standing.unchecked]))
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
    config: Config, names: Names, standing: CurrentState, ttl: dt.timedelta | None, now: dt.datetime
) -> Launch:
    """What `launch` would make.

    Raises ConfigError for what cannot be ordered or has no name, ProvisionError if the other kind stands.
    """
    size = wanted(config, names.region)
    expires = now + ttl if ttl else None
    if found := standing.deployment:
        if isinstance(size, Size) != isinstance(found.size, Size):
            raise ProvisionError(
                f"there is a {found.kind} {names} already. Rename [CLUSTER] NAME, or delete it first: "
                "`sparkify cluster delete`."
            )
        expires = expires or expiry(found.tags)
        size = found.size
        if isinstance(size, Capacity):  # a launch may have broken off before it set a limit
            size = replace(size, hours=size.hours or config.cluster.rpu_hours)
    if isinstance(size, Capacity):
        names.check_serverless()
    buckets, scratch = source_buckets(config), config.redshift.scratch
    region = scratch_region(config, names.region)
    if scratch:
        buckets = list(dict.fromkeys([*buckets, split(scratch)[0]]))
    else:
        names.check(region)
    return Launch(
        names, replace(size, rate=standing.rate), buckets, region, expires, config.iam.policy, config.iam.arn,
        scratch, config.cluster.public == "yes", standing, config.cluster.database, config.cluster.user,
    )  # fmt: skip
