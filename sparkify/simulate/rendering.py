"""Events as the app writes them: JSON, key by key in its order, a slash escaped, no newline at the end.

Most of a line is one of a few texts: all that is known of a listener, of a song, of a page. They are
rendered once, and a line is twelve of them put together.
"""

import json
from collections.abc import Sequence

import numpy as np

from sparkify.simulate import words
from sparkify.simulate.catalogue import Song
from sparkify.simulate.listeners import FIRST_ID, Listeners
from sparkify.simulate.listening import PAGES, Events


class Renderer:
    """Turns events into lines."""

    def __init__(self, events: Events, listeners: Listeners, songs: Sequence[Song], midnight: int) -> None:
        """`midnight` is the first day's, in seconds since 1970."""
        self._events = events
        self._midnight = midnight
        # The last entry of each list is what stands where there is no song, or nobody is logged in: index -1.
        self._artist = [quote(song.credited) for song in songs] + ["null"]
        self._length = [str(song.duration) for song in songs] + ["null"]
        self._title = [quote(song.title) for song in songs] + ["null"]
        self._who = [
            f'"auth":"Logged In","firstName":{quote(name)},"gender":"{gender}"'
            for name, gender in zip(listeners.first_name, listeners.gender, strict=True)
        ] + ['"auth":"Logged Out","firstName":null,"gender":null']
        self._last_name = [quote(name) for name in listeners.last_name] + ["null"]
        self._location = [quote(place) for place in listeners.location] + ["null"]
        self._registered = [f"{float(moment)}" for moment in listeners.registered] + ["null"]
        self._user_id = [f'"{FIRST_ID + i}"' for i in range(len(listeners))] + ['""']
        self._agent = [quote(agent) for agent in words.AGENTS] + ["null"]
        self._page = [f'"method":"{method}","page":"{page}"' for method, page, _ in PAGES]
        self._status = [status for _, _, status in PAGES]

    def lines(self, first: int, last: int) -> list[str]:
        """The events from `first` up to, not including, `last`."""
        e, part = self._events, slice(first, last)
        known = np.where(e.logged_out[part], -1, e.user[part]).tolist()
        agents = np.where(e.logged_out[part], -1, e.agent[part]).tolist()
        levels = np.where(e.paid[part], "paid", "free").tolist()
        seconds = (e.second[part] + self._midnight).tolist()
        return [
            f'{{"artist":{self._artist[song]},{self._who[who]},"itemInSession":{item},'
            f'"lastName":{self._last_name[who]},"length":{self._length[song]},"level":"{level}",'
            f'"location":{self._location[who]},{self._page[state]},"registration":{self._registered[who]},'
            f'"sessionId":{session},"song":{self._title[song]},"status":{self._status[state]},'
            f'"ts":{second}796,"userAgent":{self._agent[agent]},"userId":{self._user_id[who]}}}'
            for song, who, item, level, state, session, second, agent in zip(
                e.song[part].tolist(), known, e.item[part].tolist(), levels, e.state[part].tolist(),
                e.session[part].tolist(), seconds, agents, strict=True,
            )
        ]  # fmt: skip


def quote(text: str) -> str:
    """A JSON string as the app writes it."""
    return json.dumps(text, ensure_ascii=False).replace("/", "\\/")
