"""Why the star says what it says of one play: where it came from, and which song it matched, or why none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sparkify.ask.one_state import of_one_state
from sparkify.engines.base import Reader, Result, Value
from sparkify.engines.relations import definition, resolve
from sparkify.errors import ConfigError
from sparkify.ledger.state import read_play_pages
from sparkify.sql import statement
from sparkify.sql.schema import LINEAGE, table

SHOWN = 10
"""Candidates that are shown."""
_OURS = ("command", "started_at", "uri")

Row = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """A record of the play: the run that loaded it, its place if that is known, and its raw values."""

    run_id: int
    command: str | None
    started_at: Any
    uri: str | None
    """The file it came from; None where a plain COPY brought it, which says nothing of a row's place."""
    record: int | None
    values: Row
    is_play: bool


@dataclass(frozen=True)
class Explanation:
    """One play: its row, its records (first the one that the star took), and how it was matched."""

    play: Row
    records: Sequence[Record]
    song: str
    artist: str
    candidates: Sequence[Row]
    """Songs with its title or its artist, the nearest first, at most a few."""
    more: int
    """How many such songs there are besides."""


def explain_play(reader: Reader, songplay_id: int) -> Explanation:
    """Explain one play. Raises ConfigError if there is none of this id, saying what there is instead."""
    return of_one_state(reader, lambda _: _explain(reader, songplay_id))


def _explain(reader: Reader, songplay_id: int) -> Explanation:
    of: dict[str, Value] = {"songplay_id": songplay_id}
    plays = _rows(reader.query(statement("explain", "play").text, of))
    if not plays:
        raise ConfigError(_no_play(reader, songplay_id))
    pages = read_play_pages(reader)
    records = []
    for row in _rows(reader.query(statement("explain", "records").text, of)):
        ours = {name: row.pop(name) for name in (*LINEAGE, *_OURS)}
        del ours["file_id"]
        records.append(Record(**ours, values=row, is_play=row["page"] in pages))
    candidates = _rows(reader.query(definition("candidates", group="explain"), of))
    return Explanation(
        plays[0], records, _why_song(plays[0], candidates), _why_artist(plays[0], candidates),
        candidates[:SHOWN], len(candidates[SHOWN:]),
    )  # fmt: skip


def compare(found: Explanation) -> list[tuple[str, Any, Any]]:
    """Each column of the record that the star took, what the record says, and what the star says of it.

    What the star does not have is as the record says.
    """
    shown = {one.source.removeprefix("stg_events."): one.name for one in table("songplay").columns}
    return [
        (name, value, found.play[shown[name]] if name in shown else value)
        for name, value in found.records[0].values.items()
    ]


def _rows(result: Result) -> list[Row]:
    return [dict(zip(result.columns, row, strict=True)) for row in result.rows]


def _no_play(reader: Reader, songplay_id: int) -> str:
    pages = reader.query(
        resolve("SELECT MIN(e.page) AS page FROM event AS e WHERE e.event_id = :event_id"),
        {"event_id": songplay_id},
    )
    if songplay_id >= 0 and (page := pages.scalar()) is not None:
        return f"event {songplay_id} is not a play: its page is {page}."
    return (
        f"there is no play {songplay_id}. A play's id is session_id * 1,000,000 + item_in_session, or "
        'negative where listeners share the two: `sparkify query "SELECT songplay_id FROM songplay"` '
        "lists them; `sparkify rejects` lists what was rejected."
    )


def _why_song(play: Row, candidates: Sequence[Row]) -> str:
    both = [one for one in candidates if one["same_title"] and one["same_artist"]]
    if play["song_id"] is not None:
        if len(both) == 1:
            return f"{play['song_id']}: the only song with this title and artist"
        apart = next(one["seconds_apart"] for one in both if one["song_id"] == play["song_id"])
        how = "the first in order" if apart is None else f"the nearest in length, {apart:.2f} s apart"
        return f"{play['song_id']}: of {len(both)} songs with this title and artist {how}"
    if not play["title"] or not play["artist_name"]:
        return f"none: the app reported no {'title' if not play['title'] else 'artist'}"
    by = sorted({one["artist_name"] or "an unnamed artist" for one in candidates if one["same_title"]})
    known = sum(bool(one["same_artist"]) for one in candidates)
    if by:
        others = f" and {len(by) - 3} others" if by[3:] else ""
        return f"none: the catalogue has this title, but by {', '.join(by[:3])}{others}"
    if known:
        return f"none: the catalogue has {known} of this artist, but not with this title"
    return "none: the catalogue has neither this title nor this artist"


def _why_artist(play: Row, candidates: Sequence[Row]) -> str:
    if play["song_id"] is not None:
        return f"{play['artist_id']}: that of the song"
    named = {one["artist_id"] for one in candidates if one["same_artist"]}
    if play["artist_id"] is not None:
        return f"{play['artist_id']}: the only artist who is credited under this name"
    if named:
        return f"none: {len(named)} artists are credited under this name"
    return "none: no song of the catalogue credits this name"
