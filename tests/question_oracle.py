"""Answers in plain Python, from what each question means: over the events of a folder. Nothing is rounded."""

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.oracle import Event

Rows = list[tuple[Any, ...]]
DAY = dt.timedelta(days=1)
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
CANCELLED = "Cancellation Confirmation"


@dataclass(frozen=True)
class Asked:
    """A log, and what is asked of it: days, both included, and a level."""

    events: Sequence[Event]
    registered: dict[int, dt.datetime]
    first: dt.date | None = None
    last: dt.date | None = None
    level: str | None = None
    whole: Sequence[Event] = ()
    """The log, where `events` are those of some listeners."""
    counts: Callable[[Event], bool] = lambda _: True
    """Whether a play is asked about."""
    zone: dt.tzinfo = dt.UTC
    """By whose clock days are told."""

    def is_asked(self, moment: dt.datetime) -> bool:
        day = moment.replace(tzinfo=dt.UTC).astimezone(self.zone).date()
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)

    def is_level(self, event: Event) -> bool:
        return self.level is None or event.level == self.level

    @cached_property
    def every_play(self) -> list[Event]:
        return [one for one in self.events if one.is_play and self.counts(one)]

    @cached_property
    def plays(self) -> list[Event]:
        """The plays of these days and this level."""
        return [one for one in self.every_play if self.is_asked(one.moment) and self.is_level(one)]

    @cached_property
    def log(self) -> tuple[dt.date, dt.date]:
        """The first and the last day with a play."""
        days = [one.moment.date() for one in self.whole or self.events if one.is_play]
        return min(days), max(days)

    @cached_property
    def log_of_events(self) -> tuple[dt.date, dt.date]:
        """The first and the last day with an event."""
        days = [one.moment.date() for one in self.whole or self.events]
        return min(days), max(days)

    @cached_property
    def days(self) -> list[dt.date]:
        """All days of the log that are asked for."""
        first, last = self.log
        first, last = max(first, self.first or first), min(last, self.last or last)
        return [first + n * DAY for n in range((last - first).days + 1)]

    @cached_property
    def by_user(self) -> dict[int, list[Event]]:
        """What each listener did, in the order of time, session, position and page."""
        found: dict[int, list[Event]] = defaultdict(list)
        for one in sorted(self.events, key=lambda one: (one.moment, one.session, one.item, one.page)):
            if one.user_id is not None:
                found[one.user_id].append(one)
        return found

    @cached_property
    def heard(self) -> dict[Event, tuple[float | None, bool | None]]:
        """Of each play how many seconds were heard, and whether it was skipped."""
        sessions = defaultdict(list)
        for one in self.events:
            if one.is_play or one.page == "Logout":
                sessions[one.session, one.user_id].append(one)
        found: dict[Event, tuple[float | None, bool | None]] = {}
        for session in sessions.values():
            session.sort(key=lambda one: (one.moment, one.item, not one.is_play))
            for at, one in enumerate(session):
                after = session[at + 1] if at + 1 < len(session) else None
                if one.is_play and one.length is None:
                    found[one] = (None, None)
                elif one.is_play:
                    assert one.length is not None
                    gap = (after.moment - one.moment).total_seconds() if after else math.inf
                    is_cut = gap < one.length - 1
                    found[one] = (gap if is_cut else one.length, bool(is_cut and after and after.is_play))
        return found


def monday(moment: dt.datetime | dt.date) -> dt.date:
    day = moment.date() if isinstance(moment, dt.datetime) else moment
    return day - day.weekday() * DAY


def month_of(day: dt.date) -> dt.date:
    return day.replace(day=1)


def next_month(day: dt.date) -> dt.date:
    return (day.replace(day=1) + 32 * DAY).replace(day=1)


def part(begin: dt.date, end: dt.date, log: tuple[dt.date, dt.date]) -> str:
    """Whether the log has all of these days."""
    return "whole" if begin >= log[0] and end <= log[1] else "in part"


def share(part: float, whole: float) -> float | None:
    return 100 * part / whole if whole else None


def weekly_retention(a: Asked) -> Rows:
    weeks = sorted({monday(one.moment) for one in a.whole or a.events if one.is_play})
    played = {(one.user_id, monday(one.moment)) for one in a.every_play if a.is_level(one)}
    cohorts: dict[dt.date, set[int]] = defaultdict(set)
    for user, moment in a.registered.items():
        if a.is_asked(moment):
            cohorts[monday(moment)].add(user)
    return [
        (
            cohort, (week - cohort).days // 7,
            share(sum((user, week) in played for user in users), len(users)),
            sum((user, week) in played for user in users), len(users),
            part(week, week + 6 * DAY, a.log),
        )
        for cohort, users in sorted(cohorts.items())
        for week in weeks
        if week >= cohort
    ]  # fmt: skip


def _changes(a: Asked, *pages: str) -> Iterable[tuple[Event, bool, set[str], int]]:
    """Each such page; whether anything comes later, what is said of a level next, and the plays before."""
    for one in a.events:
        if one.page in pages and one.user_id is not None and a.is_asked(one.moment):
            its = a.by_user[one.user_id]
            at = its.index(one)
            later = its[at + 1 :]
            told = [(other.moment, other.level) for other in later if other.level is not None]
            next_levels = {level for moment, level in told if moment == min(told)[0]}
            yield one, bool(later), next_levels, sum(other.is_play for other in its[:at])


def level_changes(a: Asked) -> Rows:
    words = {"Submit Upgrade": "upgrade", "Submit Downgrade": "downgrade", CANCELLED: "cancellation"}
    rows = []
    for one, goes_on, levels, before in _changes(a, *words):
        expected = {"Submit Upgrade": "paid", "Submit Downgrade": "free"}.get(one.page)
        proof = _proof(expected, levels) if expected else "contradicted" if goes_on else "proved"
        rows.append((one.moment, one.user_id, words[one.page], proof, before))
    return rows


def _proof(expected: str, levels: set[str]) -> str:
    return "open" if not levels else "proved" if expected in levels else "contradicted"


def upgrades(a: Asked) -> Rows:
    return [
        (one.user_id, one.moment, _proof("paid", levels), _days_since(a, one.user_id, one.moment), before)
        for one, _, levels, before in _changes(a, "Submit Upgrade")
    ]


def _days_since(a: Asked, user: int | None, moment: dt.datetime) -> int | None:
    """Days from a listener's registration, if it is known."""
    registered = a.registered.get(user or -1)
    return (moment.date() - registered.date()).days if registered else None


def _sessions(a: Asked) -> list[tuple[list[Event], float]]:
    """The plays of each session, and its seconds."""
    plays = defaultdict(list)
    for one in a.plays:
        plays[one.session, one.user_id].append(one)
    found = []
    for (session, user), its in plays.items():
        last = max(its, key=lambda one: (one.moment, one.item))
        ends = [last.moment + dt.timedelta(seconds=last.length or 0)]
        ends += [
            one.moment
            for one in (a.by_user[user] if user is not None else ())
            if one.page == "Logout"
            and one.session == session
            and (one.moment, one.item) >= (last.moment, last.item)
        ]
        found.append((its, (min(ends) - min(one.moment for one in its)).total_seconds()))
    return found


def sessions(a: Asked) -> Rows:
    by_level = defaultdict(list)
    for its, seconds in _sessions(a):
        levels = {one.level for one in its} - {None}
        by_level["changed" if len(levels) > 1 else next(iter(levels), None)].append((len(its), seconds))
    return [
        (
            level, len(found), sum(n for n, _ in found) / len(found), max(n for n, _ in found),
            sum(s for _, s in found) / len(found) / 60, max(s for _, s in found) / 60,
        )
        for level, found in sorted(by_level.items(), key=lambda pair: (pair[0] is None, pair[0]))
    ]  # fmt: skip


def session_lengths(a: Asked) -> Rows:
    names = ("under 5 min", "5-15 min", "15-30 min", "30-60 min", "1-2 h", "2-4 h", "4 h or more")
    bands: Counter[int] = Counter()
    plays: Counter[int] = Counter()
    for its, seconds in _sessions(a):
        band = sum(seconds >= minutes * 60 for minutes in (0, 5, 15, 30, 60, 120, 240))
        bands[band] += 1
        plays[band] += len(its)
    return [(band, names[band - 1], bands[band], plays[band]) for band in sorted(bands)]


def plays_by_weekday(a: Asked) -> Rows:
    days = Counter(day.isoweekday() % 7 for day in a.days)
    plays = Counter(one.moment.isoweekday() % 7 for one in a.plays)
    return [(n, WEEKDAYS[n], plays[n] / days[n], plays[n], days[n]) for n in sorted(plays)]


def plays_by_weekday_and_hour(a: Asked) -> Rows:
    days = Counter(day.isoweekday() % 7 for day in a.days)
    plays = Counter((one.moment.isoweekday() % 7, one.moment.hour) for one in a.plays)
    return [(n, hour, plays[n, hour] / days[n], plays[n, hour], days[n]) for n, hour in sorted(plays)]


def daily_and_monthly_active_users(a: Asked) -> Rows:
    known = [one for one in a.every_play if a.is_level(one) and one.user_id is not None]
    played = {(one.moment.date(), one.user_id) for one in known}
    rows: Rows = []
    for day in sorted({day for day, _ in played if a.is_asked(dt.datetime.combine(day, dt.time()))}):
        daily = sum(one == day for one, _ in played)
        month = len({user for one, user in played if day - 30 * DAY < one <= day})
        is_full = day >= a.log[0] + 29 * DAY
        rows.append((day, daily, month if is_full else None, share(daily, month) if is_full else None))
    return rows


def users_by_level_and_gender(a: Asked) -> Rows:
    """Without the gender, which is no part of an event here."""
    found = Counter()
    for its in a.by_user.values():
        if latest := at_end(its, dt.date.max):
            event, level = latest
            found["cancelled" if event.page == CANCELLED else level] += 1
    return sorted(found.items(), key=str)


def at_end(its: Sequence[Event], until: dt.date) -> tuple[Event, str | None] | None:
    """A listener's latest event before a day, and the latest level that one of them tells."""
    before = [one for one in its if one.moment.date() < until]
    told = [one.level for one in before if one.level is not None]
    return (before[-1], told[-1] if told else None) if before else None


def other_pages(a: Asked) -> Rows:
    chosen = [one for one in a.events if a.is_asked(one.moment) and a.is_level(one)]
    everything = {(one.session, one.user_id) for one in chosen}
    rows = []
    for page in {one.page for one in chosen if not one.is_play}:
        its = [one for one in chosen if one.page == page]
        visited = {(one.session, one.user_id) for one in its}
        listeners = {one.user_id for one in its} - {None}
        rows.append((page, len(its), len(visited), share(len(visited), len(everything)), len(listeners)))
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def _rising(a: Asked, name: Callable[[Event], tuple[Any, ...]]) -> Rows:
    first, last = a.log
    end = min(last, a.last or last) + DAY
    start = a.first or end - min(28, (end - first).days // 2) * DAY
    before = start - (end - start)
    if before < first:
        return []
    now: Counter[tuple[Any, ...]] = Counter()
    past: Counter[tuple[Any, ...]] = Counter()
    known = set()
    for one in a.every_play:
        day = one.moment.date()
        if a.is_level(one) and day < end:
            (now if day >= start else past if day >= before else Counter())[name(one)] += 1
            if day < start:
                known.add(name(one))
    rows = []
    for what in now.keys() | past.keys():
        n, m = now[what], past[what]
        trend = "rising" if n > m else "falling" if n < m else "unchanged"
        trend = "new" if what not in known else "gone" if not n else trend
        rows.append((*what, n - m, n, m, trend, start, (end - start).days))
    return sorted(rows, key=lambda row: (-abs(row[-6]), -row[-5], *((v is None, v) for v in row[:-6])))


def rising_songs(a: Asked) -> Rows:
    return _rising(a, lambda one: (one.title, one.artist))


def rising_artists(a: Asked) -> Rows:
    return _rising(a, lambda one: (one.artist,))


def concentration(a: Asked) -> Rows:
    plays = sorted(Counter((one.title, one.artist) for one in a.plays).values(), reverse=True)
    rows: Rows = []
    for percent in (1, 5, 10, 25, 50, 100) if plays else ():
        top = plays[: -(-len(plays) * percent // 100)]
        rows.append((f"top {percent} %", share(sum(top), sum(plays)), sum(top), len(top)))
    return rows


def skips_by_day(a: Asked) -> Rows:
    days: dict[dt.date, list[bool]] = defaultdict(list)
    for one in a.plays:
        if (skipped := a.heard[one][1]) is not None:
            days[one.moment.date()].append(skipped)
    return [
        (day, share(sum(found), len(found)), sum(found), len(found)) for day, found in sorted(days.items())
    ]


def most_skipped_songs(a: Asked) -> Rows:
    songs: dict[tuple[str | None, str | None], list[bool]] = defaultdict(list)
    for one in a.plays:
        if (skipped := a.heard[one][1]) is not None:
            songs[one.title, one.artist].append(skipped)
    rows = [
        (*song, sum(found), len(found), share(sum(found), len(found)))
        for song, found in songs.items()
        if any(found)
    ]
    return sorted(rows, key=lambda row: (-row[2], row[3], *((v is None, v) for v in row[:2])))


def streams_by_day(a: Asked) -> Rows:
    days: dict[dt.date, list[float | None]] = defaultdict(list)
    for one in a.plays:
        days[one.moment.date()].append(a.heard[one][0])
    rows: Rows = []
    for day, found in sorted(days.items()):
        streams = sum(seconds is not None and seconds >= 30 for seconds in found)
        rows.append((day, streams, len(found), share(streams, len(found)), found.count(None)))
    return rows
