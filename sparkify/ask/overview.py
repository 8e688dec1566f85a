"""What the report shows of some days: key figures and pictures, for each period and level.

Distinct listeners of two days do not add up, so each period and level is asked on its own. What is told
day by day depends on nothing but its own day: that is asked once a level, and cut to the periods here.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sparkify import formatting
from sparkify.ask import activity
from sparkify.ask import chart_data as draw
from sparkify.ask.chart_data import SHOWN, Answers, Picture, Rows
from sparkify.ask.filters import EVERYTHING, LISTENERS, SESSIONS, Filters
from sparkify.ask.kpis import cards, sums
from sparkify.ask.periods import Period
from sparkify.ask.questions import ask, find_question
from sparkify.engines.base import Reader

LEVELS = {"all": None, "paid": "paid", "free": "free"}
ONCE = ("level_changes",)
"""Asked once: it tells of single moments."""
BY_DAY = (
    "plays_by_day", "plays_by_day_and_level", "listening_time_by_day", "match_rate_by_day",
    "daily_and_monthly_active_users", "weekly_retention",
)  # fmt: skip
"""Asked once a level."""
BY_PERIOD = (
    "at_a_glance", "most_played_songs", "most_popular_artists", "plays_by_weekday_and_hour",
    "most_active_users", "listeners_by_level_and_gender", "plays_by_state", "top_locations", "top_browsers",
    "top_devices", "session_lengths",
)  # fmt: skip
"""Asked for each period and level."""
CUT = {*ONCE, *BY_DAY} - {"weekly_retention"}
"""Rows that begin with their day or moment."""
WHOLE = {"loads", "runs", "warnings", "rejects_by_reason", "level_changes", "plays_by_state", "top_locations"}
"""Questions whose every row is needed, however many are shown."""


@dataclass(frozen=True)
class Selection:
    """Which plays a page is of: those that filters leave, of some days in their time zone, both included."""

    filters: Filters = EVERYTHING
    first: dt.date | None = None
    last: dt.date | None = None
    against: dt.date | None = None
    """The first of as many days that these are compared with; None is those just before."""

    def heading(self, name: str = "") -> str:
        """What a page of it is called; `name` is the listener's, where it may be shown.

        >>> Selection(Filters("Undo", "Nightbirds", 8)).heading()
        '“Undo” by Nightbirds, played by listener 8'
        >>> Selection(Filters(listener=8)).heading("Kaylee Summers")
        'Played by Kaylee Summers, listener 8'
        """
        f = self.filters
        what = " by ".join(filter(None, (f.title and f"“{f.title}”", f.artist)))
        called = f"{name}, listener" if name else "listener"
        who = f"played by {called} {f.listener}" if f.listener is not None else ""
        where = f.place or (f.state and formatting.state(f.state))
        said = ", ".join(filter(None, (what, who, where and f"heard in {where}")))
        said = said if what else said[:1].upper() + said[1:]
        return said or "What people listened to"

    @property
    def values(self) -> dict[str, str | int]:
        """What is chosen, by the names of an address."""
        days = {"from": self.first, "to": self.last, "against": self.against}
        return self.filters.values | {name: day.isoformat() for name, day in days.items() if day}


ALL_PLAYS = Selection()


@dataclass(frozen=True)
class _Shown:
    """What a picture needs beside its rows."""

    plays: int
    period: Period
    level: str | None
    filters: Filters
    names: Mapping[int, str]


def _states(rows: Rows, shown: _Shown) -> Picture:
    named = [(formatting.state(code), plays, listeners) for code, plays, listeners in rows]
    chooses = [{"state": code} if code else None for code, *_ in rows[:SHOWN]]
    return draw.ranking(named, shown.plays, "state", "states") | {"chooses": chooses}


def _week(rows: Rows, shown: _Shown) -> Picture:
    return draw.week(rows, shown.period, shown.filters.clock)


def _hours(rows: Rows, shown: _Shown) -> Picture:
    return activity.hours(rows, shown.period.first, shown.filters.clock)


Pictures = Mapping[str, tuple[str, Callable[[Rows, _Shown], Picture]]]
PICTURES: Pictures = {
    "songs": ("most_played_songs", lambda rows, shown: draw.songs(rows, shown.plays)),
    "artists": ("most_popular_artists", lambda rows, shown: draw.artists(rows, shown.plays)),
    "days": ("plays_by_day_and_level", lambda rows, shown: draw.days(rows, shown.period)),
    "week": ("plays_by_weekday_and_hour", _week),
    "active": ("daily_and_monthly_active_users", lambda rows, shown: activity.active(rows, shown.period)),
    "users": ("most_active_users", lambda rows, shown: draw.users(rows, shown.plays, shown.names)),
    "people": ("listeners_by_level_and_gender", lambda rows, _: draw.people(rows)),
    "states": ("plays_by_state", _states),
    "places": ("top_locations", lambda rows, shown: draw.ranking(rows, shown.plays, "place", "places")),
    "browsers": ("top_browsers", lambda rows, shown: draw.ranking(rows, shown.plays, "browser", "browsers")),
    "devices": ("top_devices", lambda rows, shown: draw.ranking(rows, shown.plays, "device", "devices")),
    "changes": ("level_changes", lambda rows, shown: draw.changes(rows, shown.period)),
    "upgrades": ("level_changes", lambda rows, _: draw.upgrades(rows)),
    "retention": ("weekly_retention", lambda rows, shown: draw.retention(rows, shown.level)),
    "sessions": ("session_lengths", lambda rows, _: draw.sessions(rows)),
    "matching": ("match_rate_by_day", lambda rows, shown: draw.matching(rows, shown.period)),
}
"""Each picture, the question that it draws, and how."""
OF_ONE_DAY: Pictures = {
    **PICTURES,
    "days": ("plays_by_hour", _hours),
}
"""Those of a single day, which has hours instead of days."""
OF_SEVERAL_DAYS = ("week", "active")
"""Averages of days, which a single one does not have."""


def rows_of(
    reader: Reader,
    name: str,
    first: dt.date | None = None,
    last: dt.date | None = None,
    level: str | None = None,
    filters: Filters = EVERYTHING,
) -> Rows:
    """The rows of a question that a page shows."""
    limit = None if name in WHOLE else SHOWN
    question = find_question(name)
    if "timezone" not in question.filters:
        filters = replace(filters, timezone=None)
    return ask(reader, question, limit, first, last, level, filters=filters).rows


ALONE = {
    "title": ("songs", "artists"),
    "artist": ("artists",),
    "listener": ("active", "users", "people"),
    "place": ("states", "places"),
    "state": ("states",),
}
"""Pictures that would show a single bar under a filter."""


def pictures_of(filters: Filters, periods: Sequence[Period] = ()) -> list[str]:
    """The pictures that there are of what filters leave of some days."""
    alone = {name for given in filters.params for name in ALONE[given]}
    if periods and all(period.length == 1 for period in periods):
        alone |= {*OF_SEVERAL_DAYS}
    return [
        name for name, (question, _) in PICTURES.items() if _takes(question, filters) and name not in alone
    ]


def _takes(question: str, filters: Filters) -> bool:
    return filters.params.keys() <= find_question(question).filters


def views(
    reader: Reader, periods: Sequence[Period], *, filters: Filters = EVERYTHING, names: bool = False
) -> tuple[dict[str, Any], Mapping[str, Rows]]:
    """Each period and level under a key like `28-paid`; and the answer at a glance to each whole period.

    Under filters there are only the pictures whose question takes them.
    """
    found: dict[str, Any] = {}
    everybody: dict[str, Rows] = {}
    of = partial(rows_of, reader, filters=filters)
    shown = pictures_of(filters, periods)
    takes = [name for name in (*ONCE, *BY_DAY) if _takes(name, filters)]
    once = {name: of(name) for name in ONCE if name in takes}
    for key, level in LEVELS.items():
        by_day = once | {name: of(name, level=level) for name in BY_DAY if name in takes}
        for period in periods:
            answers = {name: _cut(rows, period) if name in CUT else rows for name, rows in by_day.items()}
            hours = ("plays_by_hour",) if period.length == 1 else ()
            answers |= {
                name: of(name, period.first, period.last, level)
                for name in (*BY_PERIOD, *hours)
                if _takes(name, filters)
            }
            before = of("at_a_glance", *period.before, level) if period.before else None
            if level is None:
                everybody[period.key] = answers["at_a_glance"]
            view = _view(answers, before, everybody[period.key], period, key, filters, names)
            if view["cards"] and not filters.params:
                view["silent"] = _silent(by_day["plays_by_day"], period)
            view["pictures"] = {name: view["pictures"][name] for name in shown if view["pictures"]}
            found[f"{period.key}-{key}"] = view
    return found, everybody


def described(periods: Sequence[Period]) -> list[dict[str, Any]]:
    """The periods as a page names them."""
    return [
        {"key": p.key, "label": p.label, "words": _words(p), "length": p.length, "versus": p.versus,
         "first": p.first.isoformat(), "last": p.last.isoformat()}
        for p in periods
    ]  # fmt: skip


def _view(
    answers: Answers,
    before: Rows | None,
    everybody: Rows,
    period: Period,
    level: str,
    filters: Filters,
    names: bool,
) -> dict[str, Any]:
    plays = answers["at_a_glance"][0][0]
    if not plays:
        return {"cards": [], "pictures": {}, "sums": []}
    known = {
        row[0]: " ".join(filter(None, row[1:3])) or f"Listener {row[0]}"
        for row in answers["most_active_users"]
    }
    shown = _Shown(plays, period, LEVELS[level], filters, known if names else {})
    return {
        "cards": cards(answers, before, everybody, period, level),
        "pictures": {
            name: _noted(paint(answers[question], shown), question, filters) | {"question": question}
            for name, (question, paint) in (OF_ONE_DAY if period.length == 1 else PICTURES).items()
            if question in answers
        },
        "sums": sums(answers, with_sessions=not filters.params),
    }


def _silent(rows: Rows, period: Period) -> int:
    """Days without a play in the period before: more often a file that is missing than silence."""
    if not period.before:
        return 0
    first, last = period.before
    days = {row[0] for row in rows}
    return sum(first + dt.timedelta(days=n) not in days for n in range((last - first).days + 1))


def _noted(picture: Picture, question: str, filters: Filters) -> Picture:
    """With what it says under filters that are of plays, and by another clock than its own."""
    found = find_question(question)
    said = [picture["note"]]
    if filters.params and found.about == SESSIONS:
        said.append("Of the sessions with such a play; all their plays of these days and this level count.")
    if filters.params.keys() - {"listener"} and found.about == LISTENERS:
        said.append("Of the listeners with such a play, and all that they did.")
    if filters.timezone and "timezone" not in found.filters:
        said.append("Its days and weeks are those of UTC.")
        picture = picture | {"clock": "UTC"}
    return picture | {"note": " ".join(filter(None, said))}


def _words(period: Period) -> str:
    if period.before or period.key == "all":
        return period.words
    return f"{period.words}; no whole {period.label} before to compare with"


def _cut(rows: Rows, period: Period) -> Rows:
    return [row for row in rows if period.holds(row[0].date() if isinstance(row[0], dt.datetime) else row[0])]
