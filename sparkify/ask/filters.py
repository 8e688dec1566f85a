"""Which plays a question is about, and in which time zone: `--artist`, `--place`, `--timezone` and others."""

import datetime as dt
import difflib
import re
import zoneinfo
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sparkify.engines.base import Reader
from sparkify.errors import ConfigError
from sparkify.formatting import is_text
from sparkify.sql import schema

CONDITIONS = {
    "title": "p.title = :title",
    "artist": "p.artist_name = :artist",
    "listener": "p.user_id = :listener",
    "place": "p.location = :place",
    "state": "SPLIT_PART(SPLIT_PART(p.location, ', ', 2), '-', 1) = :state",
}
"""What each filter asks of `songplay AS p`."""
NAMES = (*CONDITIONS, "timezone")
TEXTS = tuple(name for name in NAMES if name != "listener")
PLAYS, SESSIONS, LISTENERS = "plays", "sessions", "listeners"
"""What a question may be about."""


@dataclass(frozen=True)
class Filters:
    """Which plays a question is about; None is all of them. Text is as `songplay` has it.

    A question about sessions is asked of those that hold such a play, in the days and at the level asked for;
    one about listeners of those who have such a play, with all that they did. Raises ConfigError for a time
    zone that there is not.

    >>> Filters(artist="Coldplay", listener=8).conditions
    'p.artist_name = :artist AND p.user_id = :listener'
    """

    title: str | None = None
    artist: str | None = None
    listener: int | None = None
    place: str | None = None
    state: str | None = None
    """The code of a state, as `plays_by_state` has it."""
    timezone: str | None = None
    """The time zone of days and hours, such as Europe/Berlin; None is UTC."""

    def __post_init__(self) -> None:
        if self.timezone in ("", "UTC"):
            object.__setattr__(self, "timezone", None)
        elif self.timezone:
            _require_zone(self.timezone)
        for name, value in self.values.items():
            if isinstance(value, str) and not is_text(value):
                raise ConfigError(f"{name} {value!r} is no text in UTF-8.")

    @property
    def values(self) -> dict[str, str | int]:
        """Those that are set, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}

    @property
    def params(self) -> dict[str, str | int]:
        """Those that a statement takes as parameters."""
        return {name: value for name, value in self.values.items() if name in CONDITIONS}

    @property
    def clock(self) -> str:
        """The name of the time zone."""
        return self.timezone or "UTC"

    @property
    def conditions(self) -> str:
        """What is asked of `songplay AS p`."""
        return " AND ".join(CONDITIONS[name] for name in self.params)

    @property
    def moved(self) -> str:
        """`p.start_time` in this time zone, as SQL."""
        return f"CONVERT_TIMEZONE('{self.timezone}', p.start_time)" if self.timezone else "p.start_time"

    def local(self, reader: Reader, moments: Sequence[dt.datetime]) -> list[dt.datetime]:
        """Moments in UTC as local time, converted by the database as plays are: Python's rules may differ."""
        if not self.timezone:
            return list(moments)
        values = {f"m{n}": moment for n, moment in enumerate(moments)}
        shown = (f"CONVERT_TIMEZONE('{self.timezone}', :{name}) AS {name}" for name in values)
        return list(reader.query(f"SELECT {', '.join(shown)}", values).rows[0])


EVERYTHING = Filters()


def _require_zone(name: str) -> None:
    """Raise ConfigError for a time zone that there is not; what a database knows besides, it may refuse."""
    known = zoneinfo.available_timezones() - {"localtime", "Factory", "posixrules"}
    if name in known or (not known and re.fullmatch(r"[A-Za-z][A-Za-z0-9_+/-]*", name)):
        return
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"Did you mean {close[0]}?" if close else "Give one like Europe/Berlin."
    raise ConfigError(f"there is no time zone {name!r}. {hint}")


def narrowed(about: str, reads: Collection[str], filters: Filters) -> Mapping[str, str]:
    """For each table that a question reads of it, the SELECT of what the filters leave.

    `about` is what it is about, `reads` are tables and views. `time` stands for the days of the log: filters
    leave it whole, and a time zone moves it.
    """
    chosen = {PLAYS: _plays, SESSIONS: _sessions, LISTENERS: _listeners}[about](filters)
    return {name: select for name, select in chosen.items() if name in reads}


def _plays(filters: Filters) -> dict[str, str]:
    where = f"\n    WHERE {filters.conditions}" if filters.params else ""
    joined = "\n    JOIN songplay AS p ON p.songplay_id = l.songplay_id" if where else ""
    found = {
        "songplay": f"SELECT{_columns('p', 'songplay', filters)}\n    FROM songplay AS p{where}",
        "plays": f"SELECT p.*\n    FROM plays AS p{where}",
        "listening": f"SELECT{_columns('l', 'listening', filters)}\n    FROM listening AS l{joined}{where}",
    }
    if filters.timezone:
        found["time"] = f"SELECT {_moved('t', filters)}\n    FROM time AS t"
    return found


def _columns(alias: str, table: str, filters: Filters) -> str:
    if not filters.timezone:
        return f" {alias}.*"
    names = (
        [name for name, _ in schema.view(table)[1]]
        if table in schema.VIEWS
        else [column.name for column in schema.table(table).columns]
    )
    said = (_moved(alias, filters) if name == "start_time" else f"{alias}.{name}" for name in names)
    return "\n        " + ",\n        ".join(said)


def _moved(alias: str, filters: Filters) -> str:
    return f"CONVERT_TIMEZONE('{filters.timezone}', {alias}.start_time) AS start_time"


def _sessions(filters: Filters) -> dict[str, str]:
    if not filters.params:
        return {}
    return {
        "songplay": f"""SELECT p.*
    FROM songplay AS p
    JOIN (
        SELECT DISTINCT p.session_id, p.user_id
        FROM songplay AS p
        WHERE
            {filters.conditions}
            AND p.start_time >= :since
            AND p.start_time < :until
            AND (:level IS NULL OR p.level = :level)
    ) AS c
        ON c.session_id = p.session_id
        AND (c.user_id = p.user_id OR (c.user_id IS NULL AND p.user_id IS NULL))"""
    }


def _listeners(filters: Filters) -> dict[str, str]:
    """Who is asked for by number need have no play."""
    if not filters.params:
        return {}
    where = f"x.user_id IN (SELECT p.user_id FROM songplay AS p WHERE {filters.conditions})"
    if filters.params.keys() == {"listener"}:
        where = "x.user_id = :listener"
    return {
        name: f"SELECT x.*\n    FROM {name} AS x\n    WHERE {where}"
        for name in ("songplay", "events", "registrations")
    }
