"""The periods of the report: they end with the last day that has a play, not with today."""

import datetime as dt
from dataclasses import dataclass

from sparkify import formatting

DAYS = 731
"""Days that a chart shows one by one, at most."""


@dataclass(frozen=True)
class Period:
    """Some days in the time zone of a page, both ends included, and as many that they are compared with."""

    key: str
    label: str
    first: dt.date
    last: dt.date
    before: tuple[dt.date, dt.date] | None
    """Those just before them, if the log has them all, or those that somebody chose."""
    log_begins: dt.date
    """The first day of the log, whichever days these are."""

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def words(self) -> str:
        return formatting.days(self.first, self.last)

    @property
    def versus(self) -> str:
        """What the days are compared with, in words."""
        if not self.before:
            return ""
        if self.first - self.before[1] != dt.timedelta(days=1):
            said = formatting.days(*self.before)
        else:
            said = "the day before" if self.length == 1 else f"the {self.length} days before"
        # Which the log may hold from its evening on.
        return said + (", when the log begins" if self.before[0] == self.log_begins else "")

    def holds(self, day: dt.date) -> bool:
        return self.first <= day <= self.last

    @property
    def step(self) -> str:
        """What a chart over time has a bar or a point for: more days than it has pixels are weeks."""
        return "day" if self.length <= DAYS else "week"

    def at(self, day: dt.date) -> dt.date:
        """Where a day is on such a chart: there, or at the Monday of its week."""
        return day if self.step == "day" else day - dt.timedelta(days=day.weekday())

    @property
    def axis(self) -> list[dt.date]:
        """Every place of such a chart, whether anybody played then or not."""
        days = (self.first + dt.timedelta(days=n) for n in range(self.length))
        return list(dict.fromkeys(map(self.at, days)))


def find_periods(first: dt.date, last: dt.date, end: dt.date | None = None) -> tuple[Period, ...]:
    """The last 7 days, the last 28 days, and all of them, as far as a history from `first` to `last` goes.

    `end` is its last day of all, where clocks that go wrong have dated plays to days that are yet to come.
    """
    everything = Period("all", "All", first, end or last, None, first)
    return (*(_latest(number, first, last) for number in (7, 28)), everything)


def chosen_period(
    first: dt.date | None,
    last: dt.date | None,
    log: tuple[dt.date, dt.date],
    against: dt.date | None = None,
) -> Period:
    """The days from `first` to `last`, as far as the log goes; None is its first and its last day.

    They are compared with as many from `against`, if there are; None is just before them.

    >>> nov = (dt.date(2018, 11, 1), dt.date(2018, 11, 30))
    >>> chosen_period(dt.date(2018, 11, 15), dt.date(2018, 12, 31), nov).words
    '15 to 30 Nov 2018'
    """
    first, last = first or log[0], last or log[1]
    if first > log[1] or last < log[0]:  # nobody played on these days
        return Period("chosen", "period", first, last, None, log[0])
    first, last = max(first, log[0]), min(last, log[1])
    length = last - first + dt.timedelta(days=1)
    before = (first - length, last - length)
    whole = before if before[0] >= log[0] else None
    if against:
        end = min(against.toordinal() + length.days - 1, dt.date.max.toordinal())
        whole = (against, dt.date.fromordinal(end))
    return Period("chosen", formatting.count(length.days, "day"), first, last, whole, log[0])


def _latest(number: int, first: dt.date, last: dt.date) -> Period:
    start = last - dt.timedelta(days=number - 1)
    before = (start - dt.timedelta(days=number), start - dt.timedelta(days=1))
    whole = before if before[0] >= first else None
    return Period(str(number), f"{number} days", max(start, first), last, whole, first)
