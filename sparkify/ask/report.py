"""The report: every answer asked once, and one HTML file that needs nothing else.

Distinct listeners of two days do not add up, so each period and level is asked on its own. What is told
day by day depends on nothing but its own day: that is asked once a level, and cut to the periods here.
"""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2

from sparkify import formatting
from sparkify.ask.chart_data import SHOWN, Answers, Rows, pictures
from sparkify.ask.data_quality import PROVEN, CheckOutcome, account
from sparkify.ask.kpis import cards, sums
from sparkify.ask.periods import Period, find_periods
from sparkify.ask.questions import ask, find_question
from sparkify.engines.base import Reader

LEVELS = {"all": None, "paid": "paid", "free": "free"}
ONCE = (
    "holdings", "rejects_by_reason", "records_by_dataset", "missing_songs", "level_changes", "unknown_keys",
)  # fmt: skip
"""Asked once: they tell of the warehouse, or of single moments."""
PRIVATE = ("runs", "warnings")
"""Asked once, with the rights of the owner: with a reader's, the report goes without their messages."""
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
WHOLE = {"loads", "runs", "warnings", "rejects_by_reason", "level_changes", "plays_by_state", "top_locations"}
"""Questions whose every row is needed, however many are shown."""

Page = dict[str, Any]


def gather(
    reader: Reader,
    check: Callable[[], Sequence[CheckOutcome] | None],
    now: dt.datetime,
    *,
    as_owner: Callable[[Callable[[Reader], Answers]], Answers | None] | None = None,
    names: bool = False,
    prove: bool = False,
) -> Page:
    """Everything the report shows, as plain values; `now` is in UTC, without a zone.

    `check` runs the checks over the whole warehouse, or has no right to; above PROVEN plays it is only called
    if `prove` asks for it. `as_owner` asks what readers do not see, or has no right to; without it `reader`
    is asked. If a run is published meanwhile, all is asked again: the numbers of a page belong together.
    """
    while True:
        once = {name: _rows(reader, name) for name in ONCE}
        once |= _private(reader) if as_owner is None else as_owner(_private) or _without_messages(reader)
        page = _gather(reader, once, check, now, names, prove)
        if _rows(reader, "holdings") == once["holdings"]:
            return page


def _private(reader: Reader) -> Answers:
    return {name: _rows(reader, name) for name in PRIVATE}


def _without_messages(reader: Reader) -> Answers:
    """`loads` as if it were `runs`; that there is no `warnings` tells a reader's page from others."""
    return {"runs": [(*row, "") for row in _rows(reader, "loads")]}


def render(page: Page) -> str:
    """The report as one HTML file."""
    return template("report.html.j2").render(
        page=page,
        data=as_script(page),
        style=asset("style.css"),
        script=asset("page.js"),
        plotly=asset("plotly.min.js"),
    )


@cache
def template(name: str) -> jinja2.Template:
    """A template of the report; what it is given is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(asset), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(name)


@cache
def asset(name: str) -> str:
    """A file of the report. plotly's own is read from its package: importing that costs more than drawing."""
    folder = files("plotly") / "package_data" if name == "plotly.min.js" else files("sparkify.ask") / "page"
    return (folder / name).read_text(encoding="utf-8")


def as_script(value: Any) -> str:
    """JSON that may stand inside a <script>: no text in it can end that.

    >>> as_script("</script>")
    '"\\\\u003c/script>"'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _gather(
    reader: Reader,
    once: dict[str, Rows],
    check: Callable[[], Sequence[CheckOutcome] | None],
    now: dt.datetime,
    names: bool,
    prove: bool,
) -> Page:
    plays, _, _, _, latest_event, first_play, latest_play, latest_run = once["holdings"][0]
    page: Page = {
        "made": formatting.moment(now),
        "run": max((row[0] for row in once["runs"] if row[0] is not None), default=0),
        "latest_event": _freshness(latest_event, now),
        "latest_run": _freshness(latest_run, now),
        "names": names,
        "periods": [],
        "levels": list(LEVELS),
        "views": {},
    }
    everything: Rows = [(0, 0, 0, 0, None, 0, 0)]
    if plays:
        first, end = first_play.date(), latest_play.date()
        periods = find_periods(first, _last_day(reader, end, now.date() + dt.timedelta(days=1)), end)
        page["days"] = formatting.days(first, end)
        page["periods"] = [
            {"key": p.key, "label": p.label, "words": _words(p), "length": p.length} for p in periods
        ]
        page["views"], everything = _views(reader, once, periods, names)
    verdicts = check() if prove or plays <= PROVEN else None
    page["trust"] = account(once | {"at_a_glance": everything}, verdicts)
    return page


def _last_day(reader: Reader, end: dt.date, tomorrow: dt.date) -> dt.date:
    """The last day with a play that is not yet to come; of a history that is all to come, its last one."""
    if end <= tomorrow:
        return end
    return max((day for day, *_ in _rows(reader, "plays_by_day") if day <= tomorrow), default=end)


def _views(
    reader: Reader, once: Answers, periods: Sequence[Period], names: bool
) -> tuple[dict[str, Any], Rows]:
    """Each period and level under a key like `28-paid`; and the answer at a glance to all of it."""
    views: dict[str, Any] = {}
    everybody: dict[str, Rows] = {}
    for key, level in LEVELS.items():
        by_day = {name: _rows(reader, name, level=level) for name in BY_DAY}
        for period in periods:
            answers = {name: _rows(reader, name, period.first, period.last, level) for name in BY_PERIOD}
            answers |= {
                name: _cut(rows, period) for name, rows in (*by_day.items(), *once.items()) if name in CUT
            }
            answers["weekly_retention"] = by_day["weekly_retention"]
            if level is None:
                everybody[period.key] = answers["at_a_glance"]
            views[f"{period.key}-{key}"] = _view(
                answers, _before(reader, period, level), everybody[period.key], period, key, names
            )
    return views, everybody["all"]


CUT = {*BY_DAY, "level_changes"} - {"weekly_retention"}
"""Rows that begin with their day or moment."""


def _view(
    answers: Answers, before: Rows | None, everybody: Rows, period: Period, level: str, names: bool
) -> dict[str, Any]:
    if not answers["at_a_glance"][0][0]:
        return {"cards": [], "pictures": {}, "sums": []}
    known = {
        row[0]: " ".join(filter(None, row[1:3])) or f"Listener {row[0]}"
        for row in answers["most_active_users"]
    }
    return {
        "cards": cards(answers, before, everybody, period, level),
        "pictures": pictures(answers, period, known if names else {}),
        "sums": sums(answers),
    }


def _words(period: Period) -> str:
    if period.before or period.key == "all":
        return period.words
    return f"{period.words}; no whole {period.label} before to compare with"


def _before(reader: Reader, period: Period, level: str | None) -> Rows | None:
    return _rows(reader, "at_a_glance", *period.before, level) if period.before else None


def _cut(rows: Rows, period: Period) -> Rows:
    return [row for row in rows if period.holds(row[0].date() if isinstance(row[0], dt.datetime) else row[0])]


def _rows(
    reader: Reader,
    name: str,
    first: dt.date | None = None,
    last: dt.date | None = None,
    level: str | None = None,
) -> Rows:
    return ask(reader, find_question(name), None if name in WHOLE else SHOWN, first, last, level).rows


def _freshness(value: dt.datetime | None, now: dt.datetime) -> list[str]:
    return (
        [formatting.moment(value), formatting.ago(now - value), value.isoformat()] if value else ["never", ""]
    )
