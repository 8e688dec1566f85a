"""The numbers at a glance, each with its change and its days; and the proof that they add up."""

from collections.abc import Sequence
from typing import Any

from sparkify import formatting
from sparkify.ask.chart_data import Answers, Rows, span
from sparkify.ask.periods import Period
from sparkify.formatting import count

Card = dict[str, Any]
SPARKS = 200
"""Days of a card's line, or so: it is narrow."""
SECONDS, PAID = 7, 8
"""Columns of at_a_glance that are not rounded, as changes need them."""


def cards(answers: Answers, before: Rows | None, everybody: Rows, period: Period, level: str) -> list[Card]:
    """Plays, listeners, sessions, hours and a share, of one period and level.

    `before` is the answer for the period before, None where that is not wholly covered by data;
    `everybody` the answer for the same period and all levels.
    """
    now = answers["at_a_glance"][0]
    past = before[0] if before else None
    days = {row[0]: row for row in answers["plays_by_day"]}
    hours = {row[0]: row[1] for row in answers["listening_time_by_day"]}
    labels = ("Plays", "Listeners", "Sessions", "Hours of music")
    values = (f"{now[0]:,}", f"{now[1]:,}", f"{now[2]:,}", formatting.rounded(float(now[SECONDS]) / 3600))
    counted = [days.get(day, (day, 0, 0, 0)) for day in span(period)]
    series = (*([row[n] for row in counted] for n in (1, 2, 3)), [hours.get(day, 0) for day in span(period)])
    found = [
        _card(
            label,
            value,
            _change(float(now[at]), float(past[at]) if past else None, series[n], period),
            series[n],
        )
        for n, (label, value, at) in enumerate(zip(labels, values, (0, 1, 2, SECONDS), strict=True))
    ]
    return [*found, _share(now, past, everybody[0], answers, period, level)]


def sums(answers: Answers, *, with_sessions: bool = True) -> list[tuple[str, int]]:
    """The plays of this period and level, as each picture counts them: all must be the same.

    Whole sessions hold more plays than filters leave.
    """
    return [
        (name, int(sum(row[at] for row in answers[question])))
        for name, question, at in (
            ("at a glance", "at_a_glance", 0),
            ("by day", "plays_by_day", 1),
            ("by day and level", "plays_by_day_and_level", 2),
            ("by hour", "plays_by_hour", 1),
            ("by weekday and hour", "plays_by_weekday_and_hour", 3),
            ("by level and gender", "listeners_by_level_and_gender", 3),
            ("by state", "plays_by_state", 1),
            ("by place", "top_locations", 1),
            ("by browser", "top_browsers", 1),
            ("by device", "top_devices", 1),
            ("by length of session", "session_lengths", 3),
            ("by day, matched or not", "match_rate_by_day", 1),
        )
        if question in answers and (with_sessions or question != "session_lengths")
    ]


def _share(now: Any, past: Any, everybody: Any, answers: Answers, period: Period, level: str) -> Card:
    by_day = {row[0]: row[1] for row in answers["plays_by_day"]}
    if level == "all":
        paid = {row[0]: row[2] for row in answers["plays_by_day_and_level"] if row[1] == "paid"}
        series = [100 * paid.get(day, 0) / by_day[day] if day in by_day else None for day in span(period)]
        value = "-" if now[4] is None else f"{float(now[4]):.1f} %"
        change = ("", "none")
        if past and past[0] and now[0]:
            points = 100 * now[PAID] / now[0] - 100 * past[PAID] / past[0]
            change = (f"{_sign(points)}{abs(points):.1f} points", _direction(points))
        return _card("Paid share of plays", value, change, series)
    return _card(
        f"{level.title()} share of plays",
        formatting.percent(now[0], everybody[0]),
        (f"{count(everybody[0], 'play')} in all", "none"),
        [],
    )


def _card(label: str, value: str, change: tuple[str, str], series: Sequence[float | None]) -> Card:
    """A card; a day of `series` that has no share is None, and a gap. Of many days it shows every so many."""
    shown = series[:: max(1, len(series) // SPARKS)]
    return {
        "label": label,
        "value": value,
        "change": change[0],
        "direction": change[1],
        "spark": [None if one is None else round(float(one), 2) for one in shown],
    }


def _change(now: float, past: float | None, series: Sequence[float], period: Period) -> tuple[str, str]:
    if past is None:
        return f"{formatting.rounded(sum(map(float, series)) / period.length)} on an average day", "none"
    if past == 0:
        return ("none before", "none")
    share = 100 * (now - past) / past
    return (f"{_sign(share)}{abs(share):.1f} %", _direction(share))


def _sign(value: float) -> str:
    return {"up": "+", "down": "−", "flat": "±"}[_direction(value)]


def _direction(value: float) -> str:
    return "flat" if abs(value) < 0.05 else "up" if value > 0 else "down"
