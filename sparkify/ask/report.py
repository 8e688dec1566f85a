"""The report: every answer asked once, and one HTML file that needs nothing else."""

import base64
import datetime as dt
import json
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2

from sparkify import formatting
from sparkify.ask.chart_data import Answers, Rows
from sparkify.ask.data_quality import PROVEN, CheckOutcome, account
from sparkify.ask.filters import Filters
from sparkify.ask.one_state import of_one_state
from sparkify.ask.overview import LEVELS, Selection, described, pictures_of, rows_of, views
from sparkify.ask.periods import Period, chosen_period, find_periods
from sparkify.engines.base import Reader

ONCE = ("rejects_by_reason", "records_by_dataset", "missing_songs", "unknown_keys")
"""Asked once: they tell of the warehouse."""
PRIVATE = ("runs", "warnings")
"""Asked once, with the rights of the owner: with a reader's, the report goes without their messages."""

Page = dict[str, Any]


def gather(
    reader: Reader,
    check: Callable[[], Sequence[CheckOutcome] | None],
    now: dt.datetime,
    *,
    as_owner: Callable[[Callable[[Reader], Answers]], Answers | None] | None = None,
    names: bool = False,
    prove: bool = False,
    timezone: str | None = None,
) -> Page:
    """Everything the report shows, as plain values; `now` is in UTC, without a zone.

    `check` runs the checks over the whole warehouse, or has no right to; above PROVEN plays it is only called
    if `prove` asks for it. `timezone` is that of days and hours. `as_owner` asks what readers
    do not see, or has no right to; without it `reader` is asked. If a run is published meanwhile, all is
    asked again: the numbers of a page belong together.
    """

    def make(holdings: Rows) -> Page:
        once = {name: rows_of(reader, name) for name in ONCE} | {"holdings": holdings}
        once |= _private(reader) if as_owner is None else as_owner(_private) or _without_messages(reader)
        selection = Selection(Filters(timezone=timezone))
        return _gather(reader, selection, once, check, now, names, prove)

    return of_one_state(reader, make)


def _private(reader: Reader) -> Answers:
    return {name: rows_of(reader, name) for name in PRIVATE}


def _without_messages(reader: Reader) -> Answers:
    """`loads` as if it were `runs`; that there is no `warnings` tells a reader's page from others."""
    return {"runs": [(*row, "") for row in rows_of(reader, "loads")]}


def render(page: Page) -> str:
    """The report as one HTML file."""
    return template("report.html.j2").render(
        page=page,
        data=_packed(as_script(page)),
        style=asset("style.css"),
        scripts=[_packed(asset(name)) for name in ("plotly.min.js", "page.js")],
        unpack=asset("unpack.js"),
    )


def _packed(text: str) -> str:
    """Deflated, in letters that may stand inside a <script>; unpack.js reads it."""
    return base64.b85encode(zlib.compress(text.encode(), 9)).decode()


@cache
def template(name: str) -> jinja2.Template:
    """A template of the report; what it is given is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(asset), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.tests["moment"] = lambda value: isinstance(value, dt.datetime)
    environment.filters["exactly"] = formatting.exactly
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


def gather_part(reader: Reader, selection: Selection, now: dt.datetime, *, names: bool = False) -> Page:
    """What the report shows of some plays, without what it says of the warehouse."""
    return of_one_state(reader, lambda holdings: _overview(reader, holdings, selection, now, names)[0])


def _gather(
    reader: Reader,
    selection: Selection,
    once: dict[str, Rows],
    check: Callable[[], Sequence[CheckOutcome] | None],
    now: dt.datetime,
    names: bool,
    prove: bool,
) -> Page:
    page, everything = _overview(reader, once["holdings"], selection, now, names)
    page["run"] = max((row[0] for row in once["runs"] if row[0] is not None), default=0)
    verdicts = check() if prove or once["holdings"][0][0] <= PROVEN else None
    page["trust"] = account(once | {"at_a_glance": everything}, verdicts, names=names)
    return page


def _overview(
    reader: Reader, holdings: Rows, selection: Selection, now: dt.datetime, names: bool
) -> tuple[Page, Rows]:
    """The page without proof; and the answer at a glance to the whole log."""
    plays, _, _, _, latest_event, first_play, latest_play, latest_run = holdings[0]
    page: Page = {
        "made": formatting.moment(now),
        "heading": selection.heading(_name(reader, selection.filters) if names else ""),
        "selection": selection.values,
        "clock": selection.filters.clock,
        "latest_event": _freshness(latest_event, now),
        "latest_run": _freshness(latest_run, now),
        "names": names,
        "periods": [],
        "levels": list(LEVELS),
        "pictures": [],
        "views": {},
    }
    if not plays:
        return page, [(0, 0, 0, 0, None, 0, 0, 0, 0)]
    filters = selection.filters
    first, end, today = (one.date() for one in filters.local(reader, (first_play, latest_play, now)))
    if selection.first or selection.last:
        periods: Sequence[Period] = [
            chosen_period(selection.first, selection.last, (first, end), selection.against)
        ]
    else:
        last = _last_day(reader, end, today + dt.timedelta(days=1), filters)
        periods = find_periods(first, last, end)
    page["days"] = formatting.days(first, end)
    page["periods"] = described(periods)
    page["pictures"] = pictures_of(filters, periods)
    # Who follows a name sees all that the name had there; else 28 days, where they can be compared.
    is_compared = not filters.params and any(one.key == "28" and one.before for one in periods)
    page["opens"] = "28" if is_compared else periods[-1].key
    page["views"], glances = views(reader, periods, filters=filters, names=names)
    return page, glances[periods[-1].key]


def _last_day(reader: Reader, end: dt.date, tomorrow: dt.date, filters: Filters) -> dt.date:
    """The last day with a play that is not yet to come; of a history that is all to come, its last one."""
    if end <= tomorrow:
        return end
    clock = Filters(timezone=filters.timezone)
    return max(
        (day for day, *_ in rows_of(reader, "plays_by_day", filters=clock) if day <= tomorrow), default=end
    )


def _name(reader: Reader, filters: Filters) -> str:
    """The name of the one listener whose plays these are."""
    if filters.listener is None:
        return ""
    rows = rows_of(reader, "most_active_users", filters=Filters(listener=filters.listener))
    return " ".join(filter(None, rows[0][1:3])) if rows else ""


def _freshness(value: dt.datetime | None, now: dt.datetime) -> list[str]:
    return (
        [formatting.moment(value), formatting.ago(now - value), value.isoformat()] if value else ["never", ""]
    )
