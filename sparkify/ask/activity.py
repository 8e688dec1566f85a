"""Who listens when: the hours of one day, and the listeners of each day beside those of a month."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sparkify import formatting
from sparkify.ask.chart_data import Picture, Rows, nothing, span
from sparkify.ask.periods import Period
from sparkify.formatting import count, most_of, percent


def hours(rows: Rows, day: dt.date, clock: str) -> Picture:
    """`rows` are hour, plays, of this day by this clock."""
    plays = {int(hour): n for hour, n in sorted(rows)}
    return {
        "kind": "hours",
        "title": most_of(
            plays,
            lambda hour: f"{hour:02}:00 to {hour:02}:59 {clock}",
            "hour",
            count(max(plays.values()), "play"),
        ),
        "note": f"{count(sum(plays.values()), 'play')} on {formatting.day(day)}.",
        "unit": "plays",
        "x": list(range(24)),
        "y": [plays.get(hour, 0) for hour in range(24)],
    }


def active(rows: Rows, period: Period) -> Picture:
    """`rows` are day, daily_users, monthly_users, percent_daily_of_monthly, of days with a listener.

    The stickiness of a day is its listeners as a share of those of the 30 days up to it; that of a period is
    the average of its days that have 30 days of log up to them. A day on which nobody plays counts as 0.
    """
    if not rows:
        return nothing("No listener was logged in")
    daily = sum(row[1] for row in rows) / period.length
    few = "< 0.1" if daily < 0.05 else f"{daily:.1f}".removesuffix(".0")
    shown = few if daily < 9.95 else f"{daily:,.0f}"
    found = {row[0]: row for row in rows}
    days = span(period)
    whole = sum(day >= period.log_begins + dt.timedelta(days=29) for day in days)
    stickiness = percent(sum(row[1] / row[2] for row in rows if row[2]), whole)
    told = (
        "stickiness"
        if whole == len(days)
        else "stickiness of the last " + count(whole, "day").removeprefix("1 ")
    )
    averaged = "day" if whole == len(days) else "day with 30 days of log up to it"
    note = (
        "Stickiness (DAU/MAU) of a day: its listeners as a share of those of the 30 days up to it. "
        f"Of this period: the average of {count(whole, averaged, averaged.replace('day', 'days', 1))}."
    )
    if not whole:
        note = "No day here has 30 days of log up to it, and so there is no stickiness (DAU/MAU)."
    if period.step == "week":
        note += " Of each week an average day, and the 30 days up to its last."
    lines = _by_place(period, found)
    known = [number for number in lines["monthly"] if number is not None]
    if len(known) == 1:  # a line of one point is a speck
        lines["monthly"] = [None] * len(lines["monthly"])
        note += f" {count(known[0], 'listener')} played in those 30 days."
    return {
        "kind": "active",
        "title": f"On an average day {shown} {'listener plays' if shown == '1' else 'listeners play'}"
        + (f"; {told} is {stickiness}" if whole else ""),
        "note": note,
        "x": [at.isoformat() for at in period.axis],
        "step": period.step,
        **lines,
    }


def _by_place(period: Period, found: Mapping[dt.date, tuple[Any, ...]]) -> Picture:
    """The listeners of each day, or of an average day of each week; those of 30 days as of its last."""
    daily: dict[dt.date, list[int]] = {}
    monthly: dict[dt.date, int | None] = dict.fromkeys(period.axis)
    for day in span(period):
        row = found.get(day, (day, 0, None))
        daily.setdefault(period.at(day), []).append(row[1])
        monthly[period.at(day)] = row[2] or (monthly[period.at(day)] if period.step == "week" else None)
    return {
        "daily": [round(sum(daily[at]) / len(daily[at]), 1) for at in period.axis],
        "monthly": [monthly[at] for at in period.axis],
    }
