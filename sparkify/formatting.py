"""Numbers, days and places, said as a person would say them; and text, as UTF-8 takes it."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California",
    "CO": "Colorado", "CT": "Connecticut", "DC": "District of Columbia", "DE": "Delaware", "FL": "Florida",
    "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa",
    "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine", "MD": "Maryland",
    "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri",
    "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey",
    "NM": "New Mexico", "NY": "New York", "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio",
    "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania", "PR": "Puerto Rico", "RI": "Rhode Island",
    "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah",
    "VT": "Vermont", "VA": "Virginia", "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin",
    "WY": "Wyoming",
}  # fmt: skip
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def count(number: int, thing: str, things: str = "") -> str:
    """A number with its noun.

    >>> count(1, "play"), count(6820, "play"), count(2, "day of it", "days of it")
    ('1 play', '6,820 plays', '2 days of it')
    """
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def percent(part: float, whole: float) -> str:
    """A share that never says 0 % of what is there, nor 100 % of what is not all.

    >>> percent(1, 3), percent(1, 60), percent(1, 6820), percent(6819, 6820), percent(0, 5), percent(1, 0)
    ('33 %', '1.7 %', '< 0.1 %', '> 99.9 %', '0 %', '-')
    """
    if not whole:
        return "-"
    value = 100 * part / whole
    if 0 < value < 0.05:
        return "< 0.1 %"
    if 99.95 <= value < 100:
        return "> 99.9 %"
    return f"{value:.1f} %" if (0 < value < 9.95 or 99 <= value < 100) else f"{value:.0f} %"


def day(value: dt.date) -> str:
    """A day with its weekday.

    >>> day(dt.date(2018, 11, 21))
    'Wed 21 Nov 2018'
    """
    return f"{value:%a} {value.day} {value:%b %Y}"


def days(first: dt.date, last: dt.date) -> str:
    """A span of days, without saying anything twice.

    >>> days(dt.date(2018, 11, 1), dt.date(2018, 11, 30)), days(dt.date(2018, 12, 30), dt.date(2019, 1, 2))
    ('1 to 30 Nov 2018', '30 Dec 2018 to 2 Jan 2019')
    """
    if first == last:
        return f"{last.day} {last:%b %Y}"
    start = str(first.day)
    if (first.year, first.month) != (last.year, last.month):
        start += f" {first:%b}" + (f" {first.year}" if first.year != last.year else "")
    return f"{start} to {last.day} {last:%b %Y}"


def moment(value: dt.datetime) -> str:
    """A moment, to the minute.

    >>> moment(dt.datetime(2018, 11, 30, 17, 31, 20))
    'Fri 30 Nov 2018, 17:31 UTC'
    """
    return f"{day(value)}, {value:%H:%M} UTC"


def exactly(value: dt.datetime) -> str:
    """A moment with no digit too few, and none too many.

    >>> exactly(dt.datetime(2018, 11, 30, 17, 31)), exactly(dt.datetime(2018, 11, 30, 17, 31, 20, 796_000))
    ('2018-11-30 17:31:00', '2018-11-30 17:31:20.796')
    """
    finest = (
        "microseconds" if value.microsecond % 1000 else "milliseconds" if value.microsecond else "seconds"
    )
    return value.isoformat(sep=" ", timespec=finest)


def ago(span: dt.timedelta) -> str:
    """How long ago, in the one unit that matters.

    >>> [ago(dt.timedelta(**span)) for span in ({"seconds": 9}, {"minutes": 5}, {"hours": 30}, {"days": 16})]
    ['just now', '5 minutes ago', '30 hours ago', '16 days ago']
    >>> ago(dt.timedelta(days=2917)), ago(dt.timedelta(days=-1))
    ('8 years ago', 'in the future')
    """
    minutes = span.total_seconds() / 60
    if minutes < 0:
        return "in the future"
    if minutes < 0.5:
        return "just now"
    if minutes < 90:
        return f"{count(round(minutes), 'minute')} ago"
    if minutes < 48 * 60:
        return f"{count(round(minutes / 60), 'hour')} ago"
    if minutes < 730 * 24 * 60:
        return f"{count(round(minutes / 1440), 'day')} ago"
    return f"{count(round(minutes / 1440 / 365.25), 'year')} ago"


def state(code: str | None) -> str:
    """A state's name; its code where it has none here.

    >>> state("CA"), state("XX"), state("")
    ('California', 'XX', 'unknown')
    """
    return STATES.get(code or "", code or "unknown")


def rounded(value: float) -> str:
    """A number that need not be exact.

    >>> rounded(468.03), rounded(7.28), rounded(12345.6)
    ('468', '7.3', '12,346')
    """
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def number(value: float) -> str:
    """A number to two decimal places, if it has any.

    >>> number(12345678.0), number(12.5), number(0.04)
    ('12,345,678', '12.5', '0.04')
    """
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def listed(words: Sequence[str]) -> str:
    """Words in a row.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)


def is_text(value: str) -> bool:
    """Whether UTF-8 can write it; Python holds bytes that are none, and JSON's `\\ud83d`, as surrogates.

    >>> is_text("é"), is_text("\\udce9")
    (True, False)
    """
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def cut(text: str, most: int) -> str:
    """The first bytes of a text, up to this many; what UTF-8 cannot write is escaped.

    >>> cut("abc", 2), cut("aé", 2), cut("\\udce9", 9)
    ('ab', 'a', '\\\\udce9')
    """
    return text.encode(errors="backslashreplace")[:most].decode(errors="ignore")


def distinct(names: Sequence[str]) -> list[str]:
    """The names, so that no two are alike: an object, or a dict, would drop all but one.

    >>> distinct(["a", "b", "a", "a_2", "a"])
    ['a', 'b', 'a_3', 'a_2', 'a_4']
    """
    seen: list[str] = []
    for name in names:
        number, new = 1, name
        while new in seen or (number > 1 and new in names):
            number += 1
            new = f"{name}_{number}"
        seen.append(new)
    return seen


def most_of(values: Mapping[T, float], named: Callable[[T], str], noun: str, said: str) -> str:
    """Which one has the most, the first of those that have as many, and what is `said` of it.

    >>> most_of({1: 5, 2: 7, 3: 7}, str, "day", "7 plays")
    '2 and 1 more day are the busiest: 7 plays each'
    """
    first = max(values, key=lambda one: values[one])
    alike = sum(value == values[first] for value in values.values()) - 1
    if alike:
        return f"{named(first)} and {count(alike, f'more {noun}')} are the busiest: {said} each"
    return f"{named(first)} is the busiest {noun}: {said}"
