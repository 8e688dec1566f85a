"""Answers in plain Python about how listeners come, pay and leave, and play at once. Nothing is rounded."""

import datetime as dt
from collections import Counter, defaultdict
from typing import Any

from tests.question_oracle import (
    CANCELLED,
    DAY,
    Asked,
    Rows,
    at_end,
    monday,
    month_of,
    next_month,
    part,
    share,
)


def churn(a: Asked) -> Rows:
    first, last = a.log_of_events
    rows: Rows = []
    month = next_month(first)
    while month <= last:
        base: dict[Any, list[tuple[bool, bool, bool]]] = defaultdict(list)
        for its in a.by_user.values():
            days = {one.moment.date() for one in its if one.is_play}
            latest = at_end(its, month)
            if not any(month - 28 * DAY <= day < month for day in days) or latest is None:
                continue
            event, level = latest
            if event.moment.date() < month_of(month - DAY) or event.page == CANCELLED:
                continue
            after = at_end(its, min(next_month(month), last + DAY))
            submits = [
                one.page for one in its
                if one.page in ("Submit Upgrade", "Submit Downgrade") and month_of(one.moment.date()) == month
            ]  # fmt: skip
            quiet_since = min(next_month(month), last + DAY) - 28 * DAY
            base[level].append((
                after is not None and after[0].page == CANCELLED,
                level == "paid" and submits[-1:] == ["Submit Downgrade"],
                not any(quiet_since <= day < next_month(month) for day in days),
            ))  # fmt: skip
        for level, found in sorted(base.items(), key=lambda one: (one[0] is None, one[0])):
            if not a.is_asked(dt.datetime.combine(month, dt.time())) or a.level not in (None, level):
                continue
            gone = [one for one in found if any(one)]
            rows.append((
                month, level, share(len(gone), len(found)), len(gone),
                *(sum(one[n] for one in gone) for n in range(3)), len(found),
                part(month - 28 * DAY, next_month(month) - DAY, (first, last)),
            ))  # fmt: skip
        month = next_month(month)
    return rows


def conversion(a: Asked) -> Rows:
    steps: list[dict[int, dt.datetime]] = [{}, {}, {}]
    for user, its in a.by_user.items():
        begin = dt.datetime.min
        for step, is_reached in enumerate((
            lambda one: one.level == "free",
            lambda one: one.page == "Upgrade",
            lambda one: one.page == "Submit Upgrade",
        )):  # fmt: skip
            moments = [one.moment for one in its if a.is_asked(one.moment) and is_reached(one)]
            reached = [moment for moment in moments if moment >= begin]
            if not reached:
                break
            begin = steps[step][user] = min(reached)
    rows: Rows = []
    for step, (name, found) in enumerate(
        zip(("free listener", "opened Upgrade", "submitted the upgrade"), steps, strict=True), 1
    ):
        days = [
            (at.date() - a.registered[user].date()).days for user, at in found.items() if user in a.registered
        ]
        rows.append((
            step, name, len(found), share(len(found), len(steps[step - 2])) if step > 1 else None,
            share(len(found), len(steps[0])), sum(days) / len(days) if days else None,
        ))  # fmt: skip
    return rows


def signups_by_week(a: Asked) -> Rows:
    first, _ = a.log
    weeks: dict[dt.date, list[bool]] = defaultdict(list)
    for user, at in a.registered.items():
        if a.is_asked(at):
            plays = [one.moment for one in a.by_user[user] if one.is_play]
            weeks[monday(at)].append(any(at <= moment < at + 7 * DAY for moment in plays))
    return [
        (
            week, len(found), sum(found) if week >= first else None,
            # The seven days of whoever registers on the last day end a week later.
            "before" if week + 6 * DAY < first else part(week, week + 13 * DAY, a.log),
        )
        for week, found in sorted(weeks.items())
    ]  # fmt: skip


def month_ends(a: Asked) -> Rows:
    first, last = a.log_of_events
    rows: Rows = []
    for month in sorted({month_of(one.moment.date()) for one in a.whole or a.events}):
        end = min(next_month(month) - DAY, last)
        levels: Counter[str | None] = Counter()
        for its in a.by_user.values():
            if latest := at_end(its, end + DAY):
                event, level = latest
                levels["cancelled" if event.page == CANCELLED else level] += 1
        active = {one.user_id for one in a.every_play if end - 30 * DAY < one.moment.date() <= end} - {None}
        if a.is_asked(dt.datetime.combine(end, dt.time())):
            rows.append((
                end, levels["paid"], levels["free"], levels["cancelled"],
                len(active) if end >= first + 29 * DAY else None,
                part(month, next_month(month) - DAY, (first, last)),
            ))  # fmt: skip
    return rows


def listeners_at_once(a: Asked) -> Rows:
    """Millisecond by millisecond would be too slow: from one moment of a change to the next."""
    spans: dict[int, list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
    marks = set()
    first, last = (dt.datetime.combine(day, dt.time()) for day in (a.days[0], a.days[-1] + DAY))
    for one in a.every_play:
        if not a.is_level(one):
            continue
        seconds = a.heard[one][0]
        if seconds is not None and one.user_id is not None:
            end = min(one.moment + dt.timedelta(milliseconds=round(min(seconds, 3600) * 1000)), last)
            begin = max(one.moment, first)
            if begin >= end:
                continue
            spans[one.user_id].append((begin, end))
            hours = {at.replace(minute=0, second=0, microsecond=0) for at in (begin, end)}
            marks |= {begin, end, *hours, *(hour + dt.timedelta(hours=1) for hour in hours)}
    order = sorted(marks)
    place = {moment: n for n, moment in enumerate(order)}
    counts = [0] * len(order)
    for its in spans.values():
        covered = set()
        for begin, end in its:
            covered |= set(range(place[begin], place[end]))
        for n in covered:
            counts[n] += 1
    most: dict[int, int] = defaultdict(int)
    total: dict[int, float] = defaultdict(float)
    for n, count in enumerate(counts):
        if count:
            hour = order[n].hour
            most[hour] = max(most[hour], count)
            total[hour] += count * (order[n + 1] - order[n]).total_seconds()
    return [(hour, most[hour], total[hour] / 3600 / len(a.days)) for hour in sorted(most)]
