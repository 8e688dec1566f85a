"""Events as the app writes them: JSON, key by key in its order, a slash escaped, no newline at the end.

Most of a line is one of a few texts: all that is known of a name, a song, a page, a session. They are encoded
once, and a block of lines is its texts found in tables, column by column, and put together in one go.
"""

import json
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sparkify.simulate import words
from sparkify.simulate.catalogue import Song
from sparkify.simulate.listeners import FIRST_ID, NAMES, Listeners
from sparkify.simulate.listening import PAGES, Events
from sparkify.simulate.sessions import Array, Sessions

LINES = 16_384
"""Put together at once: more would not be faster, but larger."""

Texts = NDArray[np.object_]
"""UTF-8, one entry for each thing that they are about."""


class Renderer:
    """Turns events into lines."""

    def __init__(
        self, sessions: Sessions, listeners: Listeners, songs: Sequence[Song], midnight: int
    ) -> None:
        """`midnight` is the first day's, in seconds since 1970."""
        self._sessions, self._listeners, self._midnight = sessions, listeners, midnight
        # The last entry of these is what stands where there is no song: index -1.
        self._artist = _texts([f'{{"artist":{quote(song.credited)},' for song in songs] + ['{"artist":null,'])
        self._length = _texts([f"{song.duration}," for song in songs] + ["null,"])
        # Where there is no song, its state has a text; a song is always played with status 200.
        self._title = _texts(
            [f'null,"status":{status},"ts":' for _, _, status in PAGES]
            + [f'{quote(song.title)},"status":200,"ts":' for song in songs]
        )
        self._page = _texts([f'"method":"{m}","page":"{page}","registration":' for m, page, _ in PAGES])
        self._item = _texts([str(item) for item in range(256)])
        # The last entry of these is what stands where nobody is logged in.
        self._who = _texts([
            f'"auth":"Logged In","firstName":{quote(name)},"gender":"{gender}","itemInSession":'
            for name, gender in NAMES
        ] + ['"auth":"Logged Out","firstName":null,"gender":null,"itemInSession":'])  # fmt: skip
        self._surname = _texts([
            f',"lastName":{name},"length":' for name in [*map(quote, words.SURNAMES), "null"]
        ])  # fmt: skip
        self._place = _texts([
            f'"level":"{level}","location":{place},'
            for place in [*map(quote, words.PLACES), "null"] for level in ("free", "paid")
        ])  # fmt: skip
        self._agent = [f'"userAgent":{quote(agent)},"userId":'.encode() for agent in words.AGENTS]

    def lines(self, events: Events) -> Iterator[bytes]:
        """The lines of these events, in blocks: a newline between lines, none after a block."""
        for first in range(0, len(events), LINES):
            yield self._block(events[first : first + LINES])

    def _block(self, events: Events) -> bytes:
        visits, visit = _distinct(events.session.astype(np.int64) * 2 + events.logged_out)
        session, out = visits >> 1, visits & 1 == 1
        user = self._sessions.user[session]
        seconds, second = _distinct(events.second)
        people = self._listeners
        columns: list[tuple[Texts, Array]] = [
            (self._artist, events.song),
            (self._who[np.where(out, -1, people.name[user])], visit),
            (self._item, events.item),
            (self._surname[np.where(out, -1, people.surname[user])], visit),
            (self._length, events.song),
            (self._place, np.where(out, len(words.PLACES), people.place[user])[visit] * 2 + events.paid),
            (self._page, events.state),
            (self._numbers(session, user, out), visit),
            (self._title, np.where(events.song < 0, events.state, events.song + len(PAGES))),
            (_texts_of([b"%d796," % moment for moment in (seconds + self._midnight).tolist()]), second),
            (self._ends(session, user, out), visit),
        ]
        texts = np.empty((len(events), len(columns)), object)
        for at, (table, index) in enumerate(columns):
            texts[:, at] = table[index]
        parts: list[bytes] = texts.ravel().tolist()
        parts[-1] = parts[-1].removesuffix(b"\n")
        return b"".join(parts)

    def _numbers(self, session: Array, user: Array, out: Array) -> Texts:
        return _texts_of([
            b'null,"sessionId":%d,"song":' % number if gone
            else b'%d.0,"sessionId":%d,"song":' % (registered, number)
            for registered, number, gone in zip(
                self._listeners.registered[user].tolist(), self._sessions.number[session].tolist(),
                out.tolist(), strict=True,
            )
        ])  # fmt: skip

    def _ends(self, session: Array, user: Array, out: Array) -> Texts:
        return _texts_of([
            b'"userAgent":null,"userId":""}\n' if gone else b'%b"%d"}\n' % (self._agent[agent], who)
            for agent, who, gone in zip(
                self._sessions.agent[session].tolist(), (user + FIRST_ID).tolist(), out.tolist(), strict=True
            )
        ])  # fmt: skip


def quote(text: str) -> str:
    """A JSON string as the app writes it."""
    return json.dumps(text, ensure_ascii=False).replace("/", "\\/")


def _texts(texts: Sequence[str]) -> Texts:
    return _texts_of([text.encode() for text in texts])


def _texts_of(texts: list[bytes]) -> Texts:
    return np.array(texts, object)


def _distinct(values: Array) -> tuple[Array, Array]:
    """The distinct values, and which of them each one is: as np.unique, but without sorting.

    What comes at about the same time has numbers that lie close together.
    """
    low = int(values.min())
    there = np.zeros(int(values.max()) - low + 1, np.bool_)
    there[values - low] = True
    found = np.flatnonzero(there)
    place = np.cumsum(there, dtype=np.int32)
    return found + low, place[values - low] - 1
