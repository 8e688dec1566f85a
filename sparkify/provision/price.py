"""What a warehouse is made of, and what that costs: by AWS's price list, else by a table of ours."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sparkify.aws import Clients, translated
from sparkify.config import Cluster
from sparkify.errors import ConfigError, SparkifyError

AS_OF = "November 2026"
"""When the table's prices were looked up; on demand, USD per node and hour."""
REGIONS = ("us-east-1", "us-east-2", "us-west-2")
"""Where the table's prices of nodes hold."""
PRICES = {
    "rg.large": 0.3801,
    "rg.xlarge": 0.7602,
    "rg.4xlarge": 3.04267,
    "rg.12xlarge": 9.128,
    "ra3.large": 0.543,
    "ra3.xlplus": 1.086,
    "ra3.4xlarge": 3.26,
    "ra3.16xlarge": 13.04,
}
RPU = "RPU"
"""What Redshift Serverless is sold in."""
_RPU_PRICES = {"us-east-1": 0.375}
SLICES = {
    "rg.large": 2, "rg.xlarge": 2, "rg.4xlarge": 8, "rg.12xlarge": 16,
    "ra3.large": 2, "ra3.xlplus": 2, "ra3.4xlarge": 4, "ra3.16xlarge": 16,
}  # fmt: skip
MOST_NODES = 100
"""API reference, CreateCluster."""
_MOST_NODES_OF = {"ra3.large": 16, "ra3.xlplus": 16, "ra3.4xlarge": 32}
"""Management Guide, "Amazon Redshift provisioned clusters", node ranges; those of RG are unverified."""
MOST_RPU = 1024
_CLOSEST = {
    "dc1.large": "rg.large", "dc1.8xlarge": "ra3.4xlarge",
    "dc2.large": "rg.large", "dc2.8xlarge": "ra3.4xlarge",
    "ds2.xlarge": "ra3.xlplus", "ds2.8xlarge": "ra3.4xlarge",
}  # fmt: skip
_UNKNOWN = "price unknown to us: see aws.amazon.com/redshift/pricing"


@dataclass(frozen=True)
class Rate:
    """What one node, or one RPU, costs in an hour, and who says so."""

    amount: float
    currency: str
    source: str

    def __mul__(self, units: float) -> str:
        """The price of so many, in words."""
        return f"{self.amount * units:.2f} {self.currency}"


@dataclass(frozen=True)
class Size:
    """Nodes of one type."""

    node_type: str
    nodes: int
    rate: Rate | None = None

    @property
    def usd_per_hour(self) -> float | None:
        """None where no price is known, or none in USD."""
        return self.rate.amount * self.nodes if self.rate and self.rate.currency == "USD" else None

    @property
    def slices(self) -> int:
        return SLICES.get(self.node_type, 2) * self.nodes

    def __str__(self) -> str:
        return f"{self.nodes} x {self.node_type} ({self.price})"

    @property
    def what(self) -> str:
        return f"{self.nodes} x {self.node_type}"

    @property
    def price(self) -> str:
        """The price in words."""
        return f"about {self.rate * self.nodes}/h" if self.rate else _UNKNOWN

    @property
    def per_day(self) -> str:
        return f", {self.rate * (24 * self.nodes)}/day" if self.rate else ""


@dataclass(frozen=True)
class Capacity:
    """What a serverless workgroup works with, in RPU, and the cap on it."""

    base: int
    cap: int
    hours: int = 0
    """RPU-hours a day after which queries are turned off; 0: no limit."""
    rate: Rate | None = None

    @property
    def usd_per_hour(self) -> float | None:
        """At base capacity, while a query runs."""
        return self.rate.amount * self.base if self.rate and self.rate.currency == "USD" else None

    @property
    def slices(self) -> int:
        """AWS hides the slices of a workgroup: one for each RPU is a guess, good enough to cut files by."""
        return self.base

    def __str__(self) -> str:
        return f"{self.what} ({self.price})"

    @property
    def what(self) -> str:
        return f"{self.base} RPU, at most {self.cap}"

    @property
    def price(self) -> str:
        """The price in words."""
        if not self.rate:
            return _UNKNOWN
        upto = f" to {self.rate * self.cap}" if self.cap > self.base else ""
        return f"about {self.rate * self.base}{upto}/h while queries run"

    @property
    def limit(self) -> str:
        """The limit in words."""
        if not self.hours:
            return "none: it may run all day ([CLUSTER] RPU_HOURS sets one)"
        costs = f", about {self.rate * self.hours}" if self.rate else ""
        return f"{self.hours} RPU-hours a day{costs}; then queries are turned off until the next day"

    @property
    def per_day(self) -> str:
        return ""


def orderable(node_type: str, nodes: int, region: str = "") -> Size:
    """The size of a new cluster. Raises ConfigError for what cannot be ordered, naming the closest.

    AWS is not asked: the closest has a price if the table holds for the region.
    """
    if closest := _CLOSEST.get(node_type):
        size = Size(closest, nodes, tabled(region, closest))
        raise ConfigError(
            f"{node_type} can no longer be created. Closest: {size if size.rate else size.what}. "
            "Set [CLUSTER] NODE_TYPE in dwg.cfg."
        )
    if node_type not in PRICES:
        raise ConfigError(
            f"there is no node type {node_type}. [CLUSTER] NODE_TYPE is one of {', '.join(PRICES)}."
        )
    most = _MOST_NODES_OF.get(node_type, MOST_NODES)
    if not 1 <= nodes <= most:
        raise ConfigError(
            f"[CLUSTER] NODES = {nodes} makes no cluster of {node_type}: 1 to {most} are possible."
        )
    return Size(node_type, nodes)


def capacity(settings: Cluster) -> Capacity:
    """The capacity of a new workgroup. Raises ConfigError for one that AWS does not offer.

    Documented in "Compute capacity for Amazon Redshift Serverless": 4; 8 to 512 in steps of 8; to 1024 in
    steps of 32, the first and the last not in every region.
    """
    for name, value in (("RPU", settings.rpu), ("MAX_RPU", settings.max_rpu)):
        step = 32 if value > 512 else 8
        if value != 4 and not (8 <= value <= MOST_RPU and value % step == 0):
            raise ConfigError(
                f"[CLUSTER] {name} = {value} is no capacity: 4, or 8 to 512 in steps of 8, or up to "
                f"{MOST_RPU} in steps of 32."
            )
    if settings.max_rpu < settings.rpu:
        raise ConfigError(f"[CLUSTER] MAX_RPU = {settings.max_rpu} is less than RPU = {settings.rpu}.")
    return Capacity(settings.rpu, settings.max_rpu, settings.rpu_hours)


def rate(clients: Clients, product: str) -> Rate | None:
    """What an hour of a node of this type, or of one RPU, costs in the clients' region; None if unknown.

    AWS's price list is asked first. Where it cannot be asked (no permission, no network, GovCloud), our
    table answers for the regions it was made of, and for no other.
    """
    try:
        with translated():
            listed = next(_listed(clients, product), None)
    except (SparkifyError, LookupError, TypeError, ValueError, AttributeError):
        listed = None  # refused, unreachable, or an answer of another form: a price must not stop anybody
    return listed or tabled(clients.region, product)


def tabled(region: str, product: str) -> Rate | None:
    """The price of our table; None for a region that it was not made of."""
    if product == RPU:
        known, holds = _RPU_PRICES.get(region), list(_RPU_PRICES)
    else:
        known, holds = (PRICES.get(product) if region in REGIONS else None), list(REGIONS)
    return Rate(known, "USD", f"as of {AS_OF} for {', '.join(holds)}") if known else None


def _listed(clients: Clients, product: str) -> Iterator[Rate]:
    """Prices on demand from GetProducts (AWS: "Using the AWS Price List Query API").

    A node is an `instanceType` of the family "Compute Instance"; an RPU-hour has a usage type that ends in
    `Redshift:ServerlessUsage`, those with an end of their own are reservations.
    """
    if clients.pricing is None:
        return
    family, ending = (
        ("Serverless", "Redshift:ServerlessUsage")
        if product == RPU
        else ("Compute Instance", f"Node:{product}")
    )
    wanted = {"regionCode": clients.region, "productFamily": family}
    if product != RPU:
        wanted["instanceType"] = product
    filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in wanted.items()]
    pages = clients.pricing.get_paginator("get_products").paginate(
        ServiceCode="AmazonRedshift", Filters=filters
    )
    for page in pages:
        for item in map(json.loads, page["PriceList"]):
            if item["product"]["attributes"].get("usagetype", "").endswith(ending):
                yield from _on_demand(item)


def _on_demand(item: Any) -> Iterator[Rate]:
    for term in item["terms"].get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            for currency, amount in dimension["pricePerUnit"].items():
                if float(amount):
                    yield Rate(float(amount), currency, "by AWS's price list")
