"""What listeners do: sessions that walk from page to page, all of them one step at a time.

A session is a state machine. Every step moves all sessions that still go on, in arrays, so that ten
million events take seconds. Whether a change of plan is an upgrade or a downgrade depends on what the
listener did before, in other sessions too; it is settled afterwards, in the order of time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparkify.simulate.listeners import Listeners

Array = NDArray[Any]
"""Of whole numbers or flags; what each holds is said where it is made."""

PLAY, HOME, SETTINGS, SAVE, HELP, ABOUT, PLAN, SUBMIT, LOGOUT, ERROR = range(10)
OUT_HOME, OUT_LOGIN, OUT_ABOUT, OUT_HELP = range(10, 14)
DOWNGRADE, SUBMIT_DOWNGRADE = 14, 15
PAGES = (
    ("PUT", "NextSong", 200), ("GET", "Home", 200), ("GET", "Settings", 200), ("PUT", "Save Settings", 307),
    ("GET", "Help", 200), ("GET", "About", 200), ("GET", "Upgrade", 200), ("PUT", "Submit Upgrade", 307),
    ("PUT", "Logout", 307), ("GET", "Error", 404),
    ("GET", "Home", 200), ("PUT", "Login", 307), ("GET", "About", 200), ("GET", "Help", 200),
    ("GET", "Downgrade", 200), ("PUT", "Submit Downgrade", 307),
)  # fmt: skip
"""Method, page and status of every state. PLAN and SUBMIT are an upgrade until the level is known."""

STEPS: Mapping[int, Mapping[int, float]] = {
    PLAY: {
        PLAY: 0.945, HOME: 0.023, LOGOUT: 0.012, PLAN: 0.007,
        SETTINGS: 0.005, HELP: 0.004, ABOUT: 0.002, ERROR: 0.002,
    },
    HOME: {PLAY: 0.89, SETTINGS: 0.035, LOGOUT: 0.025, HOME: 0.015, PLAN: 0.02, ABOUT: 0.01, HELP: 0.005},
    SETTINGS: {PLAY: 0.56, SAVE: 0.2, HOME: 0.1, HELP: 0.08, LOGOUT: 0.06},
    SAVE: {HOME: 1.0},
    HELP: {PLAY: 0.85, HOME: 0.1, HELP: 0.05},
    ABOUT: {PLAY: 0.4, HOME: 0.4, ABOUT: 0.2},
    PLAN: {PLAY: 0.5, SUBMIT: 0.3, HOME: 0.2},
    SUBMIT: {HOME: 1.0},
    LOGOUT: {OUT_HOME: 1.0},
    ERROR: {PLAY: 0.6, HOME: 0.4},
    OUT_HOME: {OUT_LOGIN: 0.6, OUT_HOME: 0.22, OUT_ABOUT: 0.12, OUT_HELP: 0.06},
    OUT_LOGIN: {HOME: 1.0},
    OUT_ABOUT: {OUT_LOGIN: 0.6, OUT_HOME: 0.3, OUT_ABOUT: 0.1},
    OUT_HELP: {OUT_LOGIN: 0.5, OUT_HELP: 0.3, OUT_HOME: 0.2},
}  # fmt: skip
BEGINNINGS = {PLAY: 0.53, HOME: 0.37, OUT_HOME: 0.06, OUT_LOGIN: 0.03, ABOUT: 0.01}

HOURS = (15, 15, 12, 11, 13, 16, 18, 18, 21, 27, 31, 33, 31, 33, 43, 48, 54, 50, 49, 37, 35, 28, 22, 19)
WEEKDAYS = (100, 105, 135, 105, 128, 62, 40)
"""How busy each hour (UTC) and each weekday (Monday first) is."""

DOWNGRADES = 0.12
"""Of those who look at leaving their paid plan, so many do."""

MOST_STEPS = 200
SCATTER, CLOSENESS = 0.32, 5
"""How far session ids stray from the order in time at most, as a share of the whole period; and how much
rarer it is to stray far than near. In the real month the rank correlation of ids and time is 0.90, and a
day spans 0.44 of all ids, its middle four fifths 0.18."""


@dataclass(frozen=True)
class Events:
    """One entry per event, in the order of time."""

    second: Array
    """Since the first day's midnight."""
    session: Array
    item: Array
    state: Array
    user: Array
    """Index of the listener, also where the app does not know them yet."""
    paid: Array
    song: Array
    """Index of the song, -1 on any page but NextSong."""
    agent: Array

    @property
    def logged_out(self) -> Array:
        found: Array = (self.state >= OUT_HOME) & (self.state <= OUT_HELP)
        return found


def listen(
    events: int, listeners: Listeners, durations: Array, days: int, weekday: int, rng: np.random.Generator
) -> Events:
    """Exactly so many events of these listeners, who hear songs of these durations (whole seconds).

    `weekday` is that of the first day, 0 for Monday.
    """
    user, walks = _walk_sessions(events, listeners, durations, rng)
    session, item, state, song, after, device = walks
    lasted = np.zeros(len(user), np.int64)
    np.maximum.at(lasted, session, after)
    begin = _begin(user, lasted + 300, listeners, days, weekday, rng)
    second = begin[session] + after
    order = np.argsort(second, kind="stable")  # The steps come by session and item; a stable sort keeps that.
    session, item, state, song, second = (a[order] for a in (session, item, state, song, second))
    owner = user[session]
    paid = _settle_plans(owner, state, listeners.paid, rng)
    return Events(
        second,
        _scattered_ids(begin, rng)[session],
        item,
        state,
        owner,
        paid,
        song,
        listeners.agents[owner, device[session]],
    )


def _walk_sessions(
    events: int, listeners: Listeners, durations: Array, rng: np.random.Generator
) -> tuple[Array, tuple[Array, Array, Array, Array, Array, Array]]:
    """The listener of every session, and every step: session, item, state, song, seconds since it began.

    The last array is the device of every session.
    """
    share = np.cumsum(listeners.activity) / listeners.activity.sum()
    count, total, blocks = 0, 0, []
    while total < events:
        batch = max(len(listeners), (events - total) // 10)
        # Everybody comes at least once, if there are events enough for it.
        user = np.arange(batch) if count == 0 else np.searchsorted(share, rng.random(batch))
        user = np.where(user < len(listeners), user, np.searchsorted(share, rng.random(batch)))
        user = np.minimum(user, len(listeners) - 1).astype(np.int32)
        walked = _walk(listeners.paid[user], durations, rng)
        blocks.append((user, walked[0] + count, *walked[1:]))
        count += batch
        total += len(walked[0])
    users, *columns = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    # The sessions in the order they were drawn, the last of them cut short: exactly `events` are left.
    order = np.argsort(columns[0], kind="stable")[:events]
    session, item, state, song, after = (column[order] for column in columns)
    sessions = int(session[-1]) + 1
    device = (rng.random(sessions) < 0.35).astype(np.int32)
    return users[:sessions], (session, item, state, song, after, device)


def _walk(paid: Array, durations: Array, rng: np.random.Generator) -> tuple[Array, ...]:
    ends = np.clip(rng.lognormal(np.where(paid, -3.0, -1.6), 0.8), 0.004, 0.7)
    following = np.array([_edges(STEPS[state]) for state in range(OUT_HELP + 1)])
    state = np.searchsorted(_edges(BEGINNINGS), rng.random(len(paid)))
    alive, clock = np.arange(len(paid), dtype=np.int32), np.zeros(len(paid), np.int64)
    steps = []
    for item in range(MOST_STEPS):
        playing = state == PLAY
        song = np.full(len(alive), -1, np.int32)
        song[playing] = _popular(len(durations), int(playing.sum()), rng)
        steps.append((alive, np.full(len(alive), item, np.int32), state.astype(np.uint8), song, clock))
        # A song is mostly heard to its end; a page is looked at for some seconds.
        heard = np.where(rng.random(len(alive)) < 0.05, rng.random(len(alive)), 1.0)
        seconds = np.where(playing, durations[song] * heard, 2 + rng.exponential(35, len(alive)))
        going = rng.random(len(alive)) >= ends[alive]
        if not going.any():
            break
        alive, clock = alive[going], (clock + seconds.astype(np.int64))[going]
        state = (following[state[going]] < rng.random(len(alive))[:, None]).sum(axis=1)
    return tuple(np.concatenate(parts) for parts in zip(*steps, strict=True))


def _edges(chances: Mapping[int, float]) -> Array:
    """The cumulated chances of the states 0 to OUT_HELP."""
    edges: Array = np.cumsum([chances.get(state, 0.0) for state in range(OUT_HELP + 1)])
    edges[max(chances) :] = 1.0
    return edges


def _popular(songs: int, count: int, rng: np.random.Generator) -> Array:
    """Songs by their rank: the first half a percent of all plays, then a long tail.

    The inverse of the distribution with density (rank + 20) ** -0.9.
    """
    low, high = 20**0.1, (20 + songs) ** 0.1
    rank = (low + rng.random(count) * (high - low)) ** 10 - 20
    ranks: Array = np.clip(rank, 0, songs - 1).astype(np.int32)
    return ranks


def _begin(
    user: Array, lasted: Array, listeners: Listeners, days: int, weekday: int, rng: np.random.Generator
) -> Array:
    """When each session begins: by the rhythm of day and week, while its listener is with us.

    A session that would begin before its listener's last one ended begins after it. Only what would then run
    over the end of the period is moved back, and may overlap, as somebody's two devices do.
    """
    busy = np.concatenate([[0.0], np.cumsum([WEEKDAYS[(weekday + day) % 7] for day in range(days)])])
    low, high = busy[listeners.first_day[user]], busy[listeners.last_day[user] + 1]
    day = np.searchsorted(busy, low + rng.random(len(user)) * (high - low), side="right") - 1
    hour = np.searchsorted(np.cumsum(HOURS) / sum(HOURS), rng.random(len(user)))
    begin: Array = day * 86400 + hour * 3600 + rng.integers(0, 3600, len(user))
    order = np.lexsort((begin, user))
    before = np.concatenate([[0], np.cumsum(lasted[order])[:-1]])
    # ends[i] = max(begin[i], ends[i - 1]) + lasted[i] is a running maximum once `before` is taken off; a step
    # between listeners, larger than any time, keeps them apart.
    apart = user[order].astype(np.int64) * (days * 86400 + int(lasted.sum()) + 1)
    free = np.maximum.accumulate(begin[order] - before + apart) + before - apart
    # What would run into the day after the last is moved back.
    begin[order] = np.maximum(0, np.minimum(free, days * 86400 - lasted[order]))
    return begin


def _settle_plans(owner: Array, state: Array, paid_first: Array, rng: np.random.Generator) -> Array:
    """Make PLAN and SUBMIT an upgrade or a downgrade, in place; return the level at every event."""
    paid = paid_first.copy()
    submits = np.flatnonzero(state == SUBMIT)
    flips = np.zeros(len(state), np.int8)
    keeps = (rng.random(len(submits)) >= DOWNGRADES).tolist()
    for at, listener, keep in zip(submits.tolist(), owner[submits].tolist(), keeps, strict=True):
        if paid[listener] and keep:
            state[at] = HOME
        else:
            state[at] = SUBMIT_DOWNGRADE if paid[listener] else SUBMIT
            paid[listener] = not paid[listener]
            flips[at] = 1
    by_owner = np.argsort(owner, kind="stable")
    before = np.cumsum(flips[by_owner], dtype=np.int32) - flips[by_owner]
    starts = np.flatnonzero(np.diff(owner[by_owner], prepend=-1))
    before -= np.repeat(before[starts], np.diff(np.append(starts, len(owner))))
    level = np.empty(len(state), np.bool_)
    level[by_owner] = paid_first[owner[by_owner]] ^ (before % 2 == 1)
    state[(state == PLAN) & level] = DOWNGRADE
    return level


def _scattered_ids(begin: Array, rng: np.random.Generator) -> Array:
    """Session ids from 3 on that follow the time only loosely, as the real ones do."""
    span = max(1, int(begin.max()))
    aside = rng.uniform(-1, 1, len(begin))
    loose = begin + SCATTER * span * np.sign(aside) * np.abs(aside) ** CLOSENESS
    ids = np.empty(len(begin), np.int32)
    ids[np.argsort(loose, kind="stable")] = np.arange(3, len(begin) + 3)
    return ids
