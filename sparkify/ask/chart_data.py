"""What the answers say: each chart of the report as a title that states the finding, and its numbers.

A picture is a plain dictionary (`kind`, `title`, `note` and the numbers that this kind needs); how it is
drawn is the business of page.js. Rows come in the order of the questions' columns.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sparkify import formatting
from sparkify.ask.periods import Period
from sparkify.formatting import WEEKDAYS, count, most_of, percent

Picture = dict[str, Any]
Rows = Sequence[tuple[Any, ...]]
Answers = Mapping[str, Rows]
"""The rows of each question, by its name."""

SHOWN = 10
"""Bars of a ranking."""
WEEKS, LATER = 12, 26
"""Weeks of registrations whose return is shown, and how many later weeks at most."""


def songs(rows: Rows, plays: int) -> Picture:
    title, artist, most = rows[0]
    together = sum(row[2] for row in rows)
    others, each = _others(rows, 2)
    return {
        "kind": "bars",
        "title": f"{_quoted(title)} by {artist or 'unknown'}{others} {'lead' if each else 'leads'} "
        f"with {count(most, 'play')}{each}",
        "note": f"These {len(rows)} songs make {percent(together, plays)} of the plays in view."
        if rows[1:]
        else "",
        "rows": [[name or "no title", by or "unknown artist", n, percent(n, plays)] for name, by, n in rows],
        "chooses": [_chosen(title=name, artist=by) for name, by, _ in rows],
    }


def artists(rows: Rows, plays: int) -> Picture:
    name, most, listeners = rows[0]
    others, each = _others(rows, 1)
    verb = "are the most played artists" if each else "is the most played artist"
    return {
        "kind": "bars",
        "title": f"{name or 'Unknown'}{others} {verb}: {count(most, 'play')}"
        + (each or f" by {count(listeners, 'listener')}"),
        "note": "By the name that the app reported.",
        "rows": [[a or "unknown artist", count(u, "listener"), n, percent(n, plays)] for a, n, u in rows],
        "chooses": [_chosen(artist=a) for a, _, _ in rows],
    }


def _chosen(**values: str | int | None) -> dict[str, str | int] | None:
    """What a click on a bar shows the overview of; None where the app reported none of it."""
    found = {name: value for name, value in values.items() if value not in (None, "")}
    return found if len(found) == len(values) else None


def _others(rows: Rows, at: int) -> tuple[str, str]:
    """What a title adds where the first of these rows is not alone with its number.

    Of a ranking that ends with the rows shown, how many more there are is not known.
    """
    alike = sum(row[at] == rows[0][at] for row in rows) - 1
    if alike + 1 == SHOWN:
        return " and others", " each"
    return (f" and {count(alike, 'other')}", " each") if alike else ("", "")


def days(rows: Rows, period: Period) -> Picture:
    totals: Counter[dt.date] = Counter()
    for day, _, plays in rows:
        totals[day] += plays
    by_day = {day: totals[day] for day in sorted(totals)}
    days = span(period)
    by_level: Counter[tuple[dt.date, str | None]] = Counter()
    for day, level, plays in rows:
        by_level[period.at(day), level] += plays
    levels = sorted({level for _, level, _ in rows}, key=lambda level: (level != "paid", level or ""))
    return {
        "kind": "days",
        "title": most_of(by_day, formatting.day, "day", count(max(totals.values()), "play")),
        "note": f"{formatting.rounded(sum(totals.values()) / period.length)} plays on an average day."
        + _silence([day for day in days if day not in totals]),
        **_over_time(period),
        "series": [[level or "unknown", [by_level[at, level] for at in period.axis]] for level in levels],
    }


def _over_time(period: Period) -> Picture:
    return {"x": [at.isoformat() for at in period.axis], "step": period.step}


def _silence(silent: Sequence[dt.date]) -> str:
    """A day without any play is a finding: more often a file that is missing than silence."""
    if not silent:
        return ""
    more = len(silent) - 3
    others = [count(more, "more day")] if more > 0 else []
    return f" No play at all on {formatting.listed([*map(formatting.day, silent[:3]), *others])}."


def week(rows: Rows, period: Period, clock: str) -> Picture:
    """`rows` are weekday, hour, plays_per_day, plays, days, by this clock."""
    cells = {(int(weekday), int(hour)): plays / days for weekday, hour, _, plays, days in rows}
    number = {int(weekday): int(days) for weekday, *_, days in rows}
    weekdays: Counter[int] = Counter()
    hours: Counter[int] = Counter()
    for weekday, hour, _, plays, _ in rows:
        weekdays[int(weekday)] += plays
        hours[int(hour)] += plays
    average = {one: weekdays[one] / number[one] for one in sorted(weekdays)}
    busiest = max(average, key=lambda one: average[one])
    hour = min(hours, key=lambda one: (-hours[one], one))
    monday_first = [1, 2, 3, 4, 5, 6, 0]
    return {
        "kind": "week",
        "title": most_of(
            average,
            WEEKDAYS.__getitem__,
            "weekday",
            count(round(average[busiest]), "play") + (" on average" if number[busiest] > 1 else ""),
        ),
        "note": f"On {count(number[busiest], WEEKDAYS[busiest])} of this period. The busiest hour of the day "
        f"is {hour:02}:00 to {hour:02}:59 {clock}, with {count(hours[hour], 'play')} on "
        f"{count(period.length, 'day')}. Colours: plays in that hour of an average day of that name.",
        "y": [WEEKDAYS[weekday] for weekday in monday_first],
        "z": [[round(cells.get((weekday, hour), 0), 2) for hour in range(24)] for weekday in monday_first],
    }


def users(rows: Rows, plays: int, names: Mapping[int, str]) -> Picture:
    if not rows:
        return nothing("No listener was logged in")
    shown = [
        [names.get(row[0], f"Listener {row[0]}"), row[3] or "", row[4], percent(row[4], plays)]
        for row in rows
    ]
    others, each = _others(rows, 4)
    return {
        "kind": "bars",
        "title": f"{shown[0][0]}{others} {'play' if each else 'plays'} most: {count(shown[0][2], 'play')}, "
        f"{shown[0][3]} of all{each}",
        "note": "With each listener's level as of their latest event.",
        "rows": shown,
        "chooses": [_chosen(listener=row[0]) for row in rows],
    }


def people(rows: Rows) -> Picture:
    """`rows` are level, gender, listeners, plays."""
    rows = [row for row in rows if row[2]]
    if not rows:
        return nothing("No listener was logged in")
    words = {"F": "women", "M": "men"}
    levels = sorted({row[0] for row in rows}, key=lambda level: (level != "paid", level or ""))
    bars: list[tuple[str, list[tuple[str, int]]]] = []
    for level in levels:
        found: Counter[str] = Counter()
        for le, gender, listeners, _ in rows:
            if le == level:
                found[words.get(gender or "", "unknown")] += listeners
        bars.append((level or "unknown", [(w, found[w]) for w in ("women", "men", "unknown") if w in found]))
    level, parts = bars[0]
    word, most = max(parts, key=lambda part: part[1])
    total = sum(n for _, n in parts)
    verb = f"are {word}" if most > 1 else {"women": "is a woman", "men": "is a man"}.get(word, "is unknown")
    return {
        "kind": "strips",
        "title": f"{most:,} of {count(total, f'{level} listener')} {verb}",
        "note": "By the level at the moment of the play: who changed level in this period counts in both.",
        "rows": bars,
    }


def ranking(rows: Rows, plays: int, thing: str, things: str) -> Picture:
    name, most, listeners = rows[0]
    alike, each = _others(rows, 1)
    more = len(rows) - SHOWN
    title = f"{name or 'unknown'}{alike} {'lead' if each else 'leads'}: {count(int(most), 'play')}"
    return {
        "kind": "bars",
        "title": f"{title[0].upper()}{title[1:]} ({percent(most, plays)})"
        + (each or f" by {count(listeners, 'listener')}"),
        "note": f"Not shown: {count(more, f'other {thing}', f'other {things}')}." if more > 0 else "",
        "rows": [
            [name or "unknown", count(u, "listener"), int(n), percent(n, plays)]
            for name, n, u in rows[:SHOWN]
        ],
        "chooses": [_chosen(place=name) for name, _, _ in rows[:SHOWN]] if thing == "place" else [],
    }


def changes(rows: Rows, period: Period) -> Picture:
    """`rows` are changed_at, user_id, change, proof, plays_before."""
    ups, downs, ends = (
        Counter(period.at(row[0].date()) for row in rows if row[2] == change)
        for change in ("upgrade", "downgrade", "cancellation")
    )
    doubtful = sum(row[3] == "contradicted" for row in rows)
    if not rows:
        return nothing("Nobody changed level in this period")
    return {
        "kind": "changes",
        "title": f"{count(ups.total(), 'upgrade')} to paid, {count(downs.total(), 'downgrade')} to free"
        + (f", {count(ends.total(), 'cancellation')}" if ends else ""),
        "note": "As the app's own pages say; "
        + (f"{doubtful:,} of them" if doubtful else "none")
        + " contradicted by the listener's next event. Not filtered by level.",
        **_over_time(period),
        "up": [ups[at] for at in period.axis],
        "down": [-downs[at] for at in period.axis],
        "end": [-ends[at] for at in period.axis] if ends else [],
    }


BANDS = ((0, 9), (10, 24), (25, 49), (50, 99), (100, 199), (200, 499), (500, None))


def upgrades(rows: Rows) -> Picture:
    before = sorted(row[4] for row in rows if row[2] == "upgrade")
    if not before:
        return nothing("Nobody upgraded in this period")
    within = before[(len(before) - 1) // 2]
    return {
        "kind": "columns",
        "title": f"Half of the upgrades come within the first {count(within, 'play')}"
        if len(before) > 1
        else f"The one upgrade came after {count(before[0], 'play')}",
        "note": "Their plays in the log before that: who listened before it begins played more. "
        "Not filtered by level.",
        "x": [f"{low}-{high}" if high else f"{low}+" for low, high in BANDS],
        "y": [sum(low <= n and (high is None or n <= high) for n in before) for low, high in BANDS],
        "unit": "upgrades",
        "axis": "plays before the upgrade",
    }


def retention(rows: Rows, level: str | None = None) -> Picture:
    """`rows` are registered_week, weeks_later, percent_playing, playing, registered, week_in_log."""
    found = {(row[0], int(row[1])): row for row in rows}
    weeks = sorted({row[0] for row in rows if row[5] == "whole" and row[1] > 0})
    if not weeks:
        title = "It takes a whole week after that of a registration to see who comes back"
        return nothing(title, "From Monday to Sunday (UTC).") | {"ofAllDays": True}
    log_begins = min(week + dt.timedelta(weeks=later) for week, later in found)
    # Of a week in which the log begins, it knows only those who came back later.
    since = [week for week in weeks if week > log_begins or found.get((week, 0), (None,) * 6)[5] == "whole"]
    of_all = since or weeks  # of who registered before the log, it does not hold the first weeks
    shown = of_all[-WEEKS:]
    next_week = [found[week, 1] for week in of_all if (week, 1) in found and found[week, 1][5] == "whole"]
    playing, registered = (sum(row[n] for row in next_week) for n in (3, 4))
    last = max(int(row[1]) for row in rows if row[0] in shown and row[5] == "whole")
    later = range(1, min(last, LATER) + 1)
    return {
        "kind": "retention",
        "ofAllDays": True,
        "title": f"{percent(playing, registered)} of new listeners play"
        + (f" as {level} listeners" if level else "")
        + " in the week after they registered"
        if next_week
        else "The log holds no whole week right after one of registrations",
        "note": "By the week of the registration (from Monday, UTC). Weeks that the log has not, or only in "
        "part, are left out"
        + (", and so is who registered before it" if since and since != weeks else "")
        + ". All days, whatever the period; where a level is chosen, only plays at that level count."
        + (f" The last {WEEKS} of {len(of_all)} weeks." if of_all != shown else ""),
        "x": list(later),
        "y": [f"{week.day} {week:%b %Y}" for week in shown],
        "new": [next(row[4] for row in rows if row[0] == week) for week in shown],
        "z": [[_whole(found.get((week, n))) for n in later] for week in shown],
    }


def _whole(row: tuple[Any, ...] | None) -> float | None:
    """The percentage of a week that is wholly in the log."""
    return round(100 * row[3] / row[4], 1) if row and row[5] == "whole" else None


LENGTHS = ("under 5 min", "5-15 min", "15-30 min", "30-60 min", "1-2 h", "2-4 h", "4 h or more")
"""The bands of session_lengths, 1 to 7: its answer leaves out those without a session."""


def sessions(rows: Rows) -> Picture:
    """`rows` are band, length, sessions, plays."""
    found = {row[0]: row[2] for row in rows}
    total, plays = sum(row[2] for row in rows), sum(row[3] for row in rows)
    most = max(rows, key=lambda row: row[2])
    alike = [row[1] for row in rows if row[2] == most[2]]
    longest = rows[-1]
    return {
        "kind": "columns",
        "title": f"Sessions of {formatting.listed(alike)} are the most common: {percent(most[2], total)}"
        + (" each" if alike[1:] else ""),
        "note": f"Those of {longest[1]} are {percent(longest[2], total)} of the sessions and hold "
        f"{percent(longest[3], plays)} of the plays. From the first play to the end of the last song, or a "
        "logout during it.",
        "x": list(LENGTHS),
        "y": [found.get(band, 0) for band, _ in enumerate(LENGTHS, 1)],
        "unit": "sessions",
        "axis": "length of the session",
    }


def matching(rows: Rows, period: Period) -> Picture:
    """`rows` are day, plays, matched_song, matched_artist, percent_artist."""
    sums: dict[dt.date, list[int]] = {}
    for day, *numbers, _ in rows:
        sums[period.at(day)] = [
            a + b for a, b in zip(sums.get(period.at(day), [0] * 3), numbers, strict=True)
        ]
    plays, songs, artists = (sum(row[n] for row in rows) for n in (1, 2, 3))
    return {
        "kind": "matching",
        "title": f"{percent(songs, plays)} of the plays match a song, {percent(artists, plays)} an artist",
        "note": f"Of the days and the level chosen, {count(plays - artists, 'play matches', 'plays match')} "
        "neither. They count all the same.",
        **_over_time(period),
        "song": [_share(sums.get(at), 1) for at in period.axis],
        "artist": [_share(sums.get(at), 2) for at in period.axis],
    }


def span(period: Period) -> list[dt.date]:
    """Every day of a period, whether anybody played on it or not."""
    return [period.first + dt.timedelta(days=n) for n in range(period.length)]


def _share(row: Sequence[int] | None, part: int) -> float | None:
    """The percentage of a day's plays; a day without a play has none."""
    return round(100 * row[part] / row[0], 1) if row else None


def nothing(title: str, note: str = "") -> Picture:
    return {"kind": "nothing", "title": title, "note": note}


def _quoted(title: str | None) -> str:
    return f"“{title}”" if title else "A play without title"
