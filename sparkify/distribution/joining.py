"""The ways in which an engine can bring two sides of a join together, and the orders of several joins."""

import itertools
from collections.abc import Iterable, Sequence

from sparkify.distribution.placement import Cluster, Place, Profile, Side, together
from sparkify.distribution.plan import Block, Source

MOST_ORDERS = 120


def orders(block: Block, inner: Sequence[Source], profile: Profile) -> Iterable[Sequence[Source]]:
    """The orders to try; a join of two has one, since each way of moving is tried on either side."""
    if profile.order == "written" or len(inner) < 3:
        return [inner]
    every = itertools.islice(itertools.permutations(inner), MOST_ORDERS)
    return [one for one in every if _is_connected(block, one)] or [inner]


def ways(
    left: Side,
    right: Side,
    pairs: Sequence[tuple[str, str]],
    cluster: Cluster,
    profile: Profile,
    *,
    is_inner: bool,
) -> list[tuple[float, frozenset[str], str, Place]]:
    """(bytes, sources moved, label, where it ends) of each way; the first of equal ones is taken."""
    none: frozenset[str] = frozenset()
    if right.place.lying == "all":
        return [(0.0, none, "DS_DIST_ALL_NONE", left.place)]
    if left.place.lying == "all" and is_inner:
        return [(0.0, none, "DS_DIST_ALL_NONE", right.place)]
    crossing = cluster.crossing
    if left.place.lying == "all":
        return [(right.volume.bytes * crossing, right.aliases, "DS_DIST_ALL_INNER", Place("one"))]
    found = []
    lefts, rights = [p[0] for p in pairs], [p[1] for p in pairs]
    inner_is_right = not is_inner or right.volume.bytes <= left.volume.bytes
    to_right, to_left = (
        ("DS_DIST_OUTER", "DS_DIST_INNER") if inner_is_right else ("DS_DIST_INNER", "DS_DIST_OUTER")
    )
    if together(left.place, right.place, pairs):
        found.append((0.0, none, "DS_DIST_NONE", left.place))
    if pairs and left.place.lying == "hash" and left.place.within(lefts):
        found.append((right.volume.bytes * crossing, right.aliases, to_left, left.place))
    if pairs and right.place.lying == "hash" and right.place.within(rights):
        found.append((left.volume.bytes * crossing, left.aliases, to_right, right.place))
    if pairs:
        keys = [frozenset(pair) for pair in pairs] if is_inner else [frozenset([one]) for one in lefts]
        both = (left.volume.bytes + right.volume.bytes) * crossing
        found.append((both, left.aliases | right.aliases, "DS_DIST_BOTH", Place("hash", tuple(keys))))
    if "broadcast" in profile.ways or not found:
        times = cluster.nodes - 1
        found.append((right.volume.bytes * times, right.aliases, "DS_BCAST_INNER", left.place))
        if is_inner:
            found.append((left.volume.bytes * times, left.aliases, "DS_BCAST_INNER", right.place))
    return found


def _is_connected(block: Block, order: Sequence[Source]) -> bool:
    """Whether each source has a condition with those before it, if it has one with any other at all."""
    seen = {order[0].alias}
    for source in order[1:]:
        about = [one.about for one in block.conditions if source.alias in one.about]
        if about and not any(one <= seen | {source.alias} for one in about):
            return False
        seen.add(source.alias)
    return True
