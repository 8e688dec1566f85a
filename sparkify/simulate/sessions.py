"""Every session of the service, before any of them is walked: whose it is, how long, and when it begins.

These arrays are all that is held of the whole period. They make it possible to walk the sessions in the
order of time, some at once, and to be done with an event before the next ones are made up.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparkify.simulate.listeners import Listeners

Array = NDArray[Any]
"""Of whole numbers or flags; what each holds is said where it is made."""

HOURS = (15, 15, 12, 11, 13, 16, 18, 18, 21, 27, 31, 33, 31, 33, 43, 48, 54, 50, 49, 37, 35, 28, 22, 19)
WEEKDAYS = (100, 105, 135, 105, 128, 62, 40)
"""How busy each hour (UTC) and each weekday (Monday first) is."""

MOST_STEPS = 200
OTHER_DEVICE = 0.35
PAUSE = 300
"""Seconds between two sessions of a listener, at least."""

SCATTER, CLOSENESS = 0.32, 5
"""How far session ids stray from the order in time at most, as a share of the whole period; and how much
rarer it is to stray far than near. In the real month the rank correlation of ids and time is 0.90, and a
day spans 0.44 of all ids, its middle four fifths 0.18."""


@dataclass(frozen=True)
class Sessions:
    """One entry per session, in the order in which they begin."""

    user: Array
    """Index of the listener."""
    steps: Array
    """How many events it has."""
    begin: Array
    """Seconds since the first day's midnight."""
    number: Array
    """The session's id."""
    agent: Array
    room: Array
    """The most seconds from its first event to its last, by the number of its steps."""

    def __len__(self) -> int:
        return len(self.user)


def draw_sessions(
    events: int, listeners: Listeners, pace: float, days: int, weekday: int, rng: np.random.Generator
) -> Sessions:
    """Sessions with exactly so many events in all.

    `pace` is how many seconds a song is heard on average. `weekday` is that of the first day, 0 for Monday.
    """
    user, steps = _draw_visits(events, listeners, rng)
    # Pages are looked at for less time than songs are heard, so that few sessions would take longer.
    room = np.minimum(np.arange(MOST_STEPS + 1) * pace + PAUSE, days * 86400 - 1).astype(np.int32)
    begin = _begin(user, room[steps], listeners, days, weekday, rng)
    order = np.argsort(begin, kind="stable")
    user, steps, begin = user[order], steps[order], begin[order]
    device = (rng.random(len(user), np.float32) < OTHER_DEVICE).astype(np.int8)
    agent = listeners.agents[user, device].astype(np.int8)
    return Sessions(user, steps, begin, _scattered_ids(begin, rng), agent, room)


def _draw_visits(events: int, listeners: Listeners, rng: np.random.Generator) -> tuple[Array, Array]:
    """The listener and the number of steps of every session."""
    share = np.cumsum(listeners.activity) / listeners.activity.sum()
    total, users, lengths = 0, [], []
    while total < events:
        if total == 0:  # Everybody comes at least once, if there are events enough for it.
            user = np.arange(len(listeners), dtype=np.int32)
        else:
            batch = max(100, (events - total) // 30)
            user = np.searchsorted(share, rng.random(batch)).astype(np.int32)
            user = np.minimum(user, len(listeners) - 1)
        # How likely they leave after each step.
        leaving = np.clip(rng.lognormal(np.where(listeners.paid[user], -3.0, -1.6), 0.8), 0.004, 0.7)
        steps = np.minimum(rng.geometric(leaving), MOST_STEPS).astype(np.uint8)
        users.append(user)
        lengths.append(steps)
        total += int(steps.sum())
    user, steps = np.concatenate(users), np.concatenate(lengths)
    # In the order they were drawn, the last of them cut short: exactly `events` are left.
    until = np.cumsum(steps, dtype=np.int64)
    last = int(np.searchsorted(until, events))
    steps[last] -= until[last] - events
    return user[: last + 1], steps[: last + 1]


def _begin(
    user: Array, room: Array, listeners: Listeners, days: int, weekday: int, rng: np.random.Generator
) -> Array:
    """When each session begins: by the rhythm of day and week, while its listener is with us.

    A session that would begin before its listener's last one ended begins after it. Only what would then run
    over the end of the period is moved back, and may overlap, as somebody's two devices do.
    """
    busy = np.concatenate([[0.0], np.cumsum([WEEKDAYS[(weekday + day) % 7] for day in range(days)])])
    low, high = busy[listeners.first_day], busy[listeners.last_day + 1]
    day = np.searchsorted(busy, low[user] + rng.random(len(user)) * (high - low)[user], side="right") - 1
    hour = np.searchsorted(np.cumsum(HOURS) / sum(HOURS), rng.random(len(user)))
    begin: Array = day * 86400 + hour * 3600 + rng.integers(0, 3600, len(user))
    del day, hour
    order = np.lexsort((begin, user))
    begin = begin[order]
    lasts = room[order] + PAUSE
    before = np.cumsum(lasts, dtype=np.int64) - lasts
    # ends[i] = max(begin[i], ends[i - 1]) + lasts[i] is a running maximum once `before` is taken off; a step
    # between listeners, larger than any time, keeps them apart.
    before -= user[order].astype(np.int64) * (days * 86400 + int(before[-1]) + int(lasts[-1]) + 1)
    begin = np.maximum.accumulate(begin - before) + before
    # What would run into the day after the last is moved back.
    free = np.empty_like(begin)
    free[order] = np.maximum(0, np.minimum(begin, days * 86400 - 1 - room[order]))
    return free


def _scattered_ids(begin: Array, rng: np.random.Generator) -> Array:
    """Session ids from 3 on that follow the time only loosely, as the real ones do."""
    span = max(1, int(begin.max()))
    aside = rng.uniform(-1, 1, len(begin))
    loose = begin + SCATTER * span * np.sign(aside) * np.abs(aside) ** CLOSENESS
    ids = np.empty(len(begin), np.int32)
    ids[np.argsort(loose, kind="stable")] = np.arange(3, len(begin) + 3)
    return ids
