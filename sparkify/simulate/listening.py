"""What listeners do: sessions that walk from page to page, in the order of time, some sessions at once.

A session is a state machine. Every step moves all sessions of a batch that still go on, in arrays. An event
is handed on as soon as no session that is yet to begin can come before it; whether a change of plan is an
upgrade or a downgrade depends on what the listener did before, in other sessions too, and is settled then.
So what is held follows how many listen at the same time, not how many events there are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from sparkify.simulate.sessions import MOST_STEPS, Array, Sessions

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

DOWNGRADES = 0.12
"""Of those who look at leaving their paid plan, so many do."""

CUT_SHORT = 0.05
"""Of all songs, so many are left before their end."""

DRAWS = 1000
"""The chances of STEPS are whole thousandths: a draw below a thousand finds the next state in a table."""

BATCH = 4096
"""Sessions walked at once: enough for the arrays to be long, few enough for them to stay small."""


@dataclass(frozen=True)
class Events:
    """One entry per event."""

    second: Array
    """Since the first day's midnight."""
    session: Array
    """Index of the session."""
    item: Array
    state: Array
    song: Array
    """Index of the song, -1 on any page but NextSong."""
    paid: Array
    """The listener's level, also where the app does not know them yet."""

    def __len__(self) -> int:
        return len(self.second)

    def __getitem__(self, chosen: Array | slice) -> "Events":
        return Events(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @property
    def logged_out(self) -> Array:
        found: Array = (self.state >= OUT_HOME) & (self.state <= OUT_HELP)
        return found


def join(parts: Sequence[Events]) -> Events:
    """All their events, one part after the other."""
    return Events(*(np.concatenate([getattr(one, field.name) for one in parts]) for field in fields(Events)))


def listen(sessions: Sessions, paid: Array, durations: Array, rng: np.random.Generator) -> Iterator[Events]:
    """All events of these sessions in the order of time, block by block.

    `paid` is the level every listener begins with; `durations` are those of the songs in whole seconds, the
    most popular one first.
    """
    paid = paid.copy()
    following = _following()
    ahead: list[Events] = []
    for first in range(0, len(sessions), BATCH):
        last = min(first + BATCH, len(sessions))
        events = join([*ahead, _walk(sessions, slice(first, last), durations, following, rng)])
        # No session that is walked later has an event before it begins.
        until = sessions.begin[last] if last < len(sessions) else np.iinfo(np.int64).max
        ready = events.second < until
        block, ahead = events[ready], [events[~ready]]
        block = block[_in_time(block, sessions)]
        _settle_plans(block, sessions.user[block.session], paid, rng)
        yield block


def popularity(songs: int) -> Array:
    """How often each song is played, by its rank: the first half a percent of all plays, then a long tail."""
    edges = (20 + np.arange(songs + 1)) ** 0.1
    share: Array = np.diff(edges) / (edges[-1] - edges[0])
    return share


def _popular(songs: int, count: int, rng: np.random.Generator) -> Array:
    """Ranks of songs, drawn by their popularity, whose density is (rank + 20) ** -0.9."""
    low, high = 20**0.1, (20 + songs) ** 0.1
    root = low + rng.random(count) * (high - low)
    # The tenth power by multiplying: a general power takes ten times as long.
    square = root * root
    fourth = square * square
    ranks: Array = np.clip(fourth * fourth * square - 20, 0, songs - 1).astype(np.int32)
    return ranks


def _following() -> Array:
    """For every state, and last for nobody's yet, the one that follows: by a draw from 0 up to DRAWS."""
    chances = [STEPS[state] for state in range(OUT_HELP + 1)] + [BEGINNINGS]
    rows = [np.repeat(list(row), [round(chance * DRAWS) for chance in row.values()]) for row in chances]
    return np.array(rows, np.uint8)


def _walk(
    sessions: Sessions, batch: slice, durations: Array, following: Array, rng: np.random.Generator
) -> Events:
    """Every event of these sessions: all first ones, then all second ones, and so on."""
    # The longest session first, so that those that still go on are the first so many.
    order = np.argsort(-sessions.steps[batch].astype(np.int16), kind="stable")
    steps = sessions.steps[batch][order]
    going = np.searchsorted(-steps.astype(np.int16), -np.arange(steps[0], dtype=np.int16))
    starts = np.concatenate([[0], np.cumsum(going)])
    of = np.concatenate([np.arange(count) for count in going])

    state = rng.integers(0, DRAWS, len(of), np.uint16)
    last = np.full(len(steps), len(following) - 1)
    for start, count in zip(starts.tolist(), going.tolist(), strict=False):
        last = following[last[:count], state[start : start + count]]
        state[start : start + count] = last
    playing = state == PLAY
    song = np.where(playing, _popular(len(durations), len(of), rng), np.int32(-1))

    # A song is mostly heard to its end; a page is looked at for some seconds.
    heard = durations[song] * np.minimum(rng.random(len(of)) / CUT_SHORT, 1.0)
    lasts = np.where(playing, heard, 2 + 35 * rng.standard_exponential(len(of))).astype(np.int64)
    after = np.zeros(len(of), np.int64)
    for before, (start, count) in zip(
        starts.tolist(), zip(starts[1:].tolist(), going[1:].tolist(), strict=False), strict=False
    ):
        came = slice(before, before + count)
        np.add(after[came], lasts[came], out=after[start : start + count])
    # The few that would take longer than there is room for them are in more of a hurry.
    hurry = np.minimum(
        1.0, sessions.room[steps] / np.maximum(1, after[starts[steps - 1] + np.arange(len(steps))])
    )
    after = (after * hurry[of]).astype(np.int64)
    session = (batch.start + order).astype(np.int32)[of]
    return Events(
        sessions.begin[session] + after,
        session,
        np.repeat(np.arange(len(going), dtype=np.uint8), going),
        state.astype(np.uint8),
        song,
        np.zeros(len(of), np.bool_),
    )


def _in_time(events: Events, sessions: Sessions) -> Array:
    """The order of these events in time, those of a second by session id and item."""
    key = (events.second - events.second.min(initial=0)) * (len(sessions) + 3) + sessions.number[
        events.session
    ]
    order: Array = np.argsort(key * MOST_STEPS + events.item)
    return order


def _settle_plans(events: Events, user: Array, paid: Array, rng: np.random.Generator) -> None:
    """Fill in the level at every event, and make PLAN and SUBMIT an upgrade or a downgrade.

    `paid` is every listener's level before these events, and after them when this is done.
    """
    events.paid[:] = paid[user]
    changing = np.zeros(len(paid), np.bool_)
    changing[user[events.state == SUBMIT]] = True
    # Only those who may change their plan need a look at one event after the other.
    for at in np.flatnonzero(changing[user]).tolist():
        listener = user[at]
        events.paid[at] = paid[listener]
        if events.state[at] == SUBMIT:
            if paid[listener] and rng.random() >= DOWNGRADES:
                events.state[at] = HOME
                continue
            events.state[at] = SUBMIT_DOWNGRADE if paid[listener] else SUBMIT
            paid[listener] = not paid[listener]
    events.state[(events.state == PLAN) & events.paid] = DOWNGRADE
