"""Songs and artists: the part of them that the metadata lists, and a sixth that only listeners know."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sparkify.simulate import words

UNLISTED = 0.2
"""Songs that are played but missing from the metadata, per song that is listed."""

REISSUED = 0.01
CREDITED_OTHERWISE = 0.06
SAME_NAME = 0.01
"""Shares: songs listed twice with another id, songs that credit a guest, artists with another one's name."""

_MIX = 2654435761
"""Odd, so that multiplying by it modulo a power of two gives every number another one."""


@dataclass(frozen=True)
class Artist:
    artist_id: str
    name: str
    location: str
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True)
class Song:
    song_id: str
    track_id: str
    title: str
    artist: Artist
    credited: str
    """The artist's name as this song gives it; it may name a guest too."""
    duration: float
    year: int

    @property
    def path(self) -> str:
        """Where the metadata file lies below the source."""
        return f"song_data/{'/'.join(self.track_id[2:5])}/{self.track_id}.json"

    def record(self) -> dict[str, Any]:
        """The metadata, key by key in the source's order."""
        return {
            "num_songs": 1,
            "artist_id": self.artist.artist_id,
            "artist_latitude": self.artist.latitude,
            "artist_longitude": self.artist.longitude,
            "artist_location": self.artist.location,
            "artist_name": self.credited,
            "song_id": self.song_id,
            "title": self.title,
            "duration": self.duration,
            "year": self.year,
        }

    def text(self) -> str:
        return json.dumps(self.record())


def make_catalogue(listed: int, rng: np.random.Generator) -> tuple[list[Song], list[Song]]:
    """Songs that the metadata lists, and songs that it lacks."""
    count = listed + max(1, round(listed * UNLISTED))
    artists = _make_artists(max(1, round(count * 0.6)), rng)
    # A few artists have many songs, most have one or two.
    of = (len(artists) * rng.random(count) ** 1.8).astype(int).tolist()
    guest = rng.integers(0, len(artists), count).tolist()
    credits_guest = (rng.random(count) < CREDITED_OTHERWISE).tolist()
    reissue = (rng.random(count) < REISSUED).tolist()
    durations = np.round(np.clip(rng.normal(245, 75, count), 31, 1500), 5).tolist()
    years = np.where(rng.random(count) < 0.45, 0, 2018 - (rng.random(count) ** 2 * 60).astype(int)).tolist()
    titles = _make_titles(count, rng)
    letters = _letters(rng, (count, 10))
    taken: set[tuple[str, str]] = set()
    songs: list[Song] = []
    for i in range(count):
        artist = artists[of[i]]
        credited = f"{artist.name} Featuring {artists[guest[i]].name}" if credits_guest[i] else artist.name
        song_id = f"SO{letters[i][:5]}12A{i * _MIX % 2**32:08X}"
        track_id = f"TR{letters[i][5:]}128F{i * _MIX % 2**28:07X}"
        if reissue[i] and songs:
            first = songs[-1]
            shift = 0.0 if i % 5 == 0 else round(durations[i] / 100, 5)
            duration = round(first.duration + shift, 5)
            songs.append(
                Song(song_id, track_id, first.title, first.artist, first.credited, duration, years[i])
            )
            continue
        title, part = titles[i], 1
        while (title.casefold(), credited.casefold()) in taken:
            part += 1
            title = f"{titles[i]} ({part})"
        taken.add((title.casefold(), credited.casefold()))
        songs.append(Song(song_id, track_id, title, artist, credited, durations[i], years[i]))
    order = rng.permutation(count).tolist()
    return [songs[i] for i in order[:listed]], [songs[i] for i in order[listed:]]


def _make_artists(count: int, rng: np.random.Generator) -> list[Artist]:
    adjective, noun, people, shape = (
        rng.integers(0, n, count).tolist()
        for n in (len(words.ADJECTIVES), len(words.NOUNS), len(words.PEOPLE), 5)
    )
    named, born = rng.integers(0, len(words.WOMEN), count).tolist(), rng.random(count).tolist()
    surname = rng.integers(0, len(words.SURNAMES), count).tolist()
    shared = (rng.random(count) < SAME_NAME).tolist()
    home = rng.integers(0, len(words.HOMES) * 2, count).tolist()
    latitude = np.round(rng.uniform(-55, 65, count), 5).tolist()
    longitude = np.round(rng.uniform(-125, 150, count), 5).tolist()
    letters = _letters(rng, (count, 5))
    bearers: Counter[str] = Counter()
    artists: list[Artist] = []
    for i in range(count):
        first, second = words.ADJECTIVES[adjective[i]].title(), words.NOUNS[noun[i]].title()
        given = words.WOMEN[named[i]] if born[i] < 0.5 else words.MEN[named[i] % len(words.MEN)]
        name = (
            f"{first} {second}",
            f"The {second} {words.PEOPLE[people[i]]}",
            f"{given} {words.SURNAMES[surname[i]]}",
            f"{given} & The {first} {words.PEOPLE[people[i]]}",
            words.plural(words.NOUNS[noun[i]]).title(),
        )[shape[i]]
        if shared[i] and artists:
            name = artists[-1].name
        else:
            bearers[name] += 1
            name = _told_apart(name, bearers[name] - 1)
        placed = i % 3 == 0
        artists.append(
            Artist(
                f"AR{letters[i]}1187{i * _MIX % 2**28:07X}",
                name,
                words.HOMES[home[i]] if home[i] < len(words.HOMES) else "",
                latitude[i] if placed else None,
                longitude[i] if placed else None,
            )
        )
    return artists


def _told_apart(name: str, before: int) -> str:
    """The name, with a word more or several if there were others of it before.

    The words are the digits of their number, so that no two are alike and none has to be looked for.
    """
    start = len(name)
    while before:
        before, digit = divmod(before, len(words.NOUNS))
        name += f" of the {words.NOUNS[(start + digit * 37) % len(words.NOUNS)].title()}"
    return name


def _make_titles(count: int, rng: np.random.Generator) -> list[str]:
    def pick(options: Sequence[str]) -> list[str]:
        return [options[i] for i in rng.integers(0, len(options), count).tolist()]

    adjectives, nouns, others, verbs, endings = map(
        pick, (words.ADJECTIVES, words.NOUNS, words.NOUNS, words.VERBS, words.ENDINGS)
    )
    shape, ended = rng.integers(0, 5, count).tolist(), (rng.random(count) < 0.12).tolist()
    titles = []
    for i in range(count):
        title = (
            f"{adjectives[i]} {nouns[i]}",
            f"{verbs[i]} the {nouns[i]}",
            f"{nouns[i]} of the {adjectives[i]} {others[i]}",
            nouns[i],
            f"{verbs[i]} my {adjectives[i]} {others[i]}",
        )[shape[i]].title()
        titles.append(f"{title} {endings[i]}" if ended[i] else title)
    return titles


def _letters(rng: np.random.Generator, shape: tuple[int, int]) -> list[str]:
    """Random capitals, `shape[1]` to a string."""
    codes = rng.integers(ord("A"), ord("Z") + 1, shape).astype(np.uint8)
    width = shape[1]
    text = codes.tobytes().decode("ascii")
    return [text[at : at + width] for at in range(0, len(text), width)]
