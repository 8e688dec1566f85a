"""What an address of the dashboard asks for, and the addresses that its pages lead to."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request

from sparkify.ask.filters import TEXTS, Filters
from sparkify.ask.live import Asked
from sparkify.ask.overview import LEVELS, Selection
from sparkify.ask.questions import find_question, require_days
from sparkify.engines.base import Result
from sparkify.errors import ConfigError

DAYS = ("from", "to")
NUMBER = r"-?[0-9]{1,19}"
"""A number as databases have them."""
MOST_ROWS = 10_000
"""Rows that a browser is sent."""


def read_asked(request: Request, name: str, most: int = MOST_ROWS) -> Asked:
    """The question of this name with the values of the address.

    Raises HTTPException for a question that there is not, ConfigError for a wrong value.
    """
    try:
        found = find_question(name, request.app.state.questions)
    except ConfigError as error:
        raise HTTPException(404, str(error)) from error
    limit = _number(request, "limit")
    if limit is not None and limit < 0:
        raise ConfigError(f"limit {limit} is not a number of rows.")
    values: dict[str, Any] = {"limit": 100 if limit is None else min(limit or most, most)}
    selection = read_selection(request)
    if "since" in found.takes:
        values |= {"first": selection.first, "last": selection.last}
    if "level" in found.takes:
        values["level"] = _level(request)
    if "run" in found.takes:
        values["run"] = _number(request, "run")
    taken = {name: value for name, value in selection.filters.values.items() if name in found.filters}
    values["filters"] = Filters(**taken)  # type: ignore[arg-type]  # each is of its field
    given = {one: request.query_params.get(one) for one in found.params}
    values["params"] = tuple((one, value) for one, value in given.items() if value)
    return Asked(found, **values)


def read_selection(request: Request) -> Selection:
    """The days and filters of the address. Raises ConfigError for a wrong value."""
    if request.scope.get("path") == "/" and "level" in request.query_params:
        raise ConfigError("the overview has each level on its page: its address takes none.")
    first, last = _day(request, "from"), _day(request, "to")
    require_days(first, last)
    text = {name: request.query_params.get(name) or None for name in TEXTS}
    against = _day(request, "against")
    if against and not (first or last):
        raise ConfigError("choose the days that are compared with those from against: from and to.")
    return Selection(Filters(**text, listener=_number(request, "listener")), first, last, against)


def address(path: str, values: Mapping[str, object]) -> str:
    """A path with values.

    >>> address("/", {"artist": "AC/DC & friends", "level": None})
    '/?artist=AC%2FDC+%26+friends'
    """
    given = {name: value for name, value in values.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


def links(result: Result, chosen: Mapping[str, object]) -> list[list[str | None]]:
    """For each cell the page of what is in it: a play, or the overview of a song, a listener or a day.

    `chosen` are values of this page's address that stay chosen.
    """
    at = {column: n for n, column in enumerate(result.columns)}
    return [[_link(column, row, at, chosen) for column in result.columns] for row in result.rows]


def _link(
    column: str, row: tuple[Any, ...], at: Mapping[str, int], chosen: Mapping[str, object]
) -> str | None:
    value = row[at[column]]
    if value is None or value == "":
        return None
    if column == "songplay_id":
        return f"/plays/{value}"
    if column == "title" and "artist" in at:
        artist = row[at["artist"]]
        return address("/", {**chosen, "title": value, "artist": artist}) if artist else None
    if column == "day" and isinstance(value, dt.date):
        return address("/", {**chosen, "from": value, "to": value})
    names = {"artist": "artist", "user_id": "listener", "location": "place", "state": "state"}
    return address("/", {**chosen, names[column]: value}) if column in names else None


def chips(selection: Selection) -> list[tuple[str, str]]:
    """Each value that is chosen, and the address of the overview without it.

    >>> chips(Selection(Filters(artist="Kings", state="NY")))
    [('artist: Kings', '/?state=NY'), ('state: NY', '/?artist=Kings')]
    """
    values = selection.values
    found = []
    for names in (*((name,) for name in values if name not in DAYS), DAYS):
        if given := [str(values[name]) for name in names if name in values]:
            gone = (*names, "against") if names == DAYS else names  # without days nothing is compared
            rest = {name: value for name, value in values.items() if name not in gone}
            said = f"{names[0]}: {given[0]}".replace("timezone", "time zone")
            if names == DAYS:
                first, last = (values.get(name) for name in DAYS)
                said = f"days: {first} to {last}" if first and last else f"days: from {first}"
                said = said if first else f"days: until {last}"
            found.append((said, address("/", rest)))
    return found


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name)
    if not text:
        return None
    if not re.fullmatch(NUMBER, text):
        raise ConfigError(f"{name} {text!r} is not a number.")
    return int(text)


def _level(request: Request) -> str | None:
    level = request.query_params.get("level") or None
    if level not in LEVELS.values():
        raise ConfigError(f"level {level!r} is not paid or free.")
    return level


def _day(request: Request, name: str) -> dt.date | None:
    text = request.query_params.get(name)
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise ConfigError(f"{name} {text!r} is not a day like 2018-11-30.") from None
