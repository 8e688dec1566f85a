"""Who listens: names, places, devices, how often, paid or free, when they join and when they leave."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparkify.simulate import words

FIRST_ID = 2
NAMES = tuple((name, "F") for name in words.WOMEN) + tuple((name, "M") for name in words.MEN)
"""First names and genders."""

PAID = 0.23
JOIN, LEAVE = 0.2, 0.1
"""Shares of listeners who join, and who stop coming, within the simulated days."""


@dataclass(frozen=True)
class Listeners:
    """One entry per listener; the listener's id is its index + FIRST_ID."""

    name: NDArray[np.int32]
    """Index into NAMES."""
    surname: NDArray[np.int32]
    """Index into words.SURNAMES."""
    place: NDArray[np.int32]
    """Index into words.PLACES."""
    registered: NDArray[np.int64]
    """Milliseconds since 1970."""
    agents: NDArray[np.int32]
    """Two indices into words.AGENTS each: the device they use most, and the other one."""
    paid: NDArray[np.bool_]
    activity: NDArray[np.float64]
    """How many sessions compared with others: who is there for half the time has half as many."""
    first_day: NDArray[np.int32]
    last_day: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.name)


def make_listeners(count: int, start: dt.date, days: int, rng: np.random.Generator) -> Listeners:
    """So many listeners of a service that is watched for `days` days."""
    woman = rng.random(count) < 0.55
    given = rng.integers(0, 1 << 20, count, np.int32)
    name = np.where(woman, given % len(words.WOMEN), len(words.WOMEN) + given % len(words.MEN))
    paid = rng.random(count) < PAID
    eagerness = rng.lognormal(0, 0.9, count) * np.where(paid, 2.0, 1.0)
    joins, leaves = rng.random(count) < JOIN, rng.random(count) < LEAVE
    first_day = np.where(joins, rng.integers(0, days, count), 0).astype(np.int32)
    last_day = np.where(leaves, rng.integers(0, days, count), days - 1).astype(np.int32)
    last_day = np.maximum(first_day, last_day)
    activity = eagerness * (last_day - first_day + 1) / days
    midnight = int(dt.datetime.combine(start, dt.time(), dt.UTC).timestamp())
    long_ago = -rng.integers(1, 500 * 86400, count)
    registered = midnight + np.where(joins, first_day * 86400, long_ago)
    second = rng.random(count) < 0.3
    agents = _long_tail(len(words.AGENTS), (count, 2), rng)
    agents[~second, 1] = agents[~second, 0]
    return Listeners(
        name,
        rng.integers(0, len(words.SURNAMES), count, np.int32),
        _long_tail(len(words.PLACES), (count, 1), rng)[:, 0],
        registered * 1000 + 796,
        agents,
        paid,
        activity,
        first_day,
        last_day,
    )


def _long_tail(options: int, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.int32]:
    """Indices below `options`, the first ones most often."""
    weight = 1 / (np.arange(options) + 2.0)
    drawn = np.searchsorted(np.cumsum(weight) / weight.sum(), rng.random(shape))
    return np.minimum(drawn, options - 1).astype(np.int32)
