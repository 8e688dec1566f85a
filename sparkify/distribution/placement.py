"""Where the rows of a step lie, and what moving them is called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from sparkify.distribution.plan import Block
from sparkify.distribution.sizes import Encoding, Volume

Key = tuple[frozenset[str], ...]
"""What rows lie by: for each part the expressions that have its value."""
Lying = Literal["hash", "even", "all", "one"]


@dataclass(frozen=True)
class Style:
    """EVEN, ALL, or KEY on a column."""

    name: str
    key: str = ""

    def __str__(self) -> str:
        return f"KEY({self.key})" if self.key else self.name


@dataclass(frozen=True)
class Cluster:
    """Slices, spread evenly over nodes."""

    nodes: int
    slices: int

    @property
    def crossing(self) -> float:
        """The share of rows sent to any slice that leave their node."""
        return 1 - 1 / self.nodes


@dataclass(frozen=True)
class Profile:
    """An engine: how its rows travel, what a join may do with a side, and in which order it joins."""

    encoding: Encoding
    ways: frozenset[Literal["distribute", "broadcast"]]
    order: Literal["cheapest", "written"]


@dataclass(frozen=True)
class Move:
    """A step of a plan: `sent` is what goes through the exchange, `crossed` the bytes that leave a node."""

    step: str
    label: str
    sent: Volume
    crossed: float


@dataclass(frozen=True)
class Place:
    """Where the rows of a step lie."""

    lying: Lying
    key: Key = ()

    def within(self, keys: Sequence[str]) -> bool:
        """Whether rows that agree in `keys` lie together."""
        if self.lying in ("all", "one"):
            return True
        return self.lying == "hash" and all(part & set(keys) for part in self.key)


@dataclass(frozen=True)
class Side:
    """Rows on their way into a join; they are counted only if it matters how many they are."""

    aliases: frozenset[str]
    place: Place
    count: Callable[[], Volume]

    @cached_property
    def volume(self) -> Volume:
        return self.count()


def together(left: Place, right: Place, pairs: Sequence[tuple[str, str]]) -> bool:
    """Whether rows with equal values in `pairs` lie on one slice already."""
    if left.lying == right.lying == "one":
        return True
    if left.lying != "hash" or right.lying != "hash" or len(left.key) != len(right.key):
        return False
    return all(
        any(one in a and other in b for one, other in pairs) for a, b in zip(left.key, right.key, strict=True)
    )


def merged(place: Place, pairs: Sequence[tuple[str, str]]) -> Place:
    """After an inner join, what lies by one side of an equality lies by the other too."""
    return Place(
        "hash",
        tuple(part | {x for pair in pairs if set(pair) & part for x in pair} for part in place.key),
    )


def prefixed(place: Place, alias: str) -> Place:
    return Place(place.lying, tuple(frozenset(f"{alias}.{one}" for one in part) for part in place.key))


def renamed(block: Block, place: Place) -> Place:
    """The place by the names of the block's outputs; a part that is put out under no name is lost."""
    parts = tuple(frozenset(n for e in part for n in block.called.get(e, ())) for part in place.key)
    if place.lying == "hash" and not all(parts):
        return Place("even")
    return Place(place.lying, parts)
