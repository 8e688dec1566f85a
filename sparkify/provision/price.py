"""What a cluster is made of, and what that costs."""

from dataclasses import dataclass

from sparkify.errors import ConfigError

PRICES_OF = "November 2026"
"""When the prices were looked up; on demand, USD per node and hour."""
PRICES: dict[str, float | None] = {
    "rg.large": 0.38,
    "rg.xlarge": None,
    "rg.4xlarge": None,
    "rg.12xlarge": None,
    "ra3.large": 0.543,
    "ra3.xlplus": 1.086,
    "ra3.4xlarge": 3.26,
    "ra3.16xlarge": 13.04,
}
SLICES = {
    "rg.large": 2, "rg.xlarge": 2, "rg.4xlarge": 8, "rg.12xlarge": 16,
    "ra3.large": 2, "ra3.xlplus": 2, "ra3.4xlarge": 4, "ra3.16xlarge": 16,
}  # fmt: skip
_CLOSEST = {
    "dc1.large": "rg.large", "dc1.8xlarge": "ra3.4xlarge",
    "dc2.large": "rg.large", "dc2.8xlarge": "ra3.4xlarge",
    "ds2.xlarge": "ra3.xlplus", "ds2.8xlarge": "ra3.4xlarge",
}  # fmt: skip


@dataclass(frozen=True)
class Size:
    """Nodes of one type."""

    node_type: str
    nodes: int

    @property
    def per_hour(self) -> float | None:
        """USD per hour; None where we know no price."""
        price = PRICES.get(self.node_type)
        return None if price is None else price * self.nodes

    @property
    def slices(self) -> int:
        return SLICES.get(self.node_type, 2) * self.nodes

    def __str__(self) -> str:
        return f"{self.nodes} x {self.node_type} ({self.price})"

    @property
    def price(self) -> str:
        """The price in words."""
        if self.per_hour is None:
            return "price unknown to us: see aws.amazon.com/redshift/pricing"
        return f"about {self.per_hour:.2f} USD/h"


def orderable(node_type: str, nodes: int) -> Size:
    """The size of a new cluster. Raises ConfigError for what cannot be ordered, naming the closest."""
    if closest := _CLOSEST.get(node_type):
        raise ConfigError(
            f"{node_type} can no longer be created. Closest: {Size(closest, nodes)}. "
            "Set [CLUSTER] NODE_TYPE in dwg.cfg."
        )
    if node_type not in PRICES:
        raise ConfigError(
            f"there is no node type {node_type}. [CLUSTER] NODE_TYPE is one of {', '.join(PRICES)}."
        )
    if not 1 <= nodes <= 128:
        raise ConfigError(f"[CLUSTER] NODES = {nodes} makes no cluster: 1 to 128 are possible.")
    return Size(node_type, nodes)
