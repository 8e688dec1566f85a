"""What must become of every value of a log, in plain Python: written from the meaning, not from the program.

Nothing of sparkify is used here, and nothing is fast. A record is read as the list of its pairs, so that a
key given twice is seen twice; numbers are kept as the text that stands in the file.
"""

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

BLANKS = b" \t\r\n\v\f"
BOM = b"\xef\xbb\xbf"
EPOCH = dt.datetime(1970, 1, 1)
LONGEST_EXTRA = 65_535
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*([Zz]|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)


class Rule(NamedTuple):
    """What a column takes."""

    column: str
    kind: str
    """text, integer, number or moment"""
    size: int = 0
    """Bytes of a text; bits of an integer."""
    strict: bool = False
    required: bool = False
    low: float = float("-inf")
    high: float = float("inf")
    is_key: bool = False
    """Without a blank at its ends."""


EVENTS: dict[str, Rule] = {
    "artist": Rule("artist", "text", 512),
    "auth": Rule("auth", "text", 32),
    "firstName": Rule("first_name", "text", 128),
    "gender": Rule("gender", "text", 8),
    "itemInSession": Rule("item_in_session", "integer", 32, True, True, 0, 999_999),
    "lastName": Rule("last_name", "text", 128),
    "length": Rule("length", "number", low=0, high=86_400),
    "level": Rule("level", "text", 16),
    "location": Rule("location", "text", 256),
    "method": Rule("method", "text", 16),
    "page": Rule("page", "text", 64, True, True, is_key=True),
    "registration": Rule("registration", "number"),
    "sessionId": Rule("session_id", "integer", 64, True, True, 0, 9_000_000_000_000),
    "song": Rule("song", "text", 1024),
    "status": Rule("status", "integer", 32),
    "ts": Rule("ts", "moment", 64, True, True),
    "userAgent": Rule("user_agent", "text", 512),
    "userId": Rule("user_id", "integer", 64, True),
}
SONGS: dict[str, Rule] = {
    "artist_id": Rule("artist_id", "text", 32, True, True, is_key=True),
    "artist_latitude": Rule("artist_latitude", "number"),
    "artist_location": Rule("artist_location", "text", 512),
    "artist_longitude": Rule("artist_longitude", "number"),
    "artist_name": Rule("artist_name", "text", 512),
    "duration": Rule("duration", "number", low=0, high=86_400),
    "num_songs": Rule("num_songs", "integer", 32),
    "song_id": Rule("song_id", "text", 32, True, True, is_key=True),
    "title": Rule("title", "text", 1024, True, True),
    "year": Rule("year", "integer", 32, low=0, high=9999),
}


class Number(str):
    """A number as it stands in the file."""

    __slots__ = ()


class Pairs(list[tuple[str, Any]]):
    """An object with all its pairs."""

    __slots__ = ()


NOTHING = object()
"""NaN and its like: no value."""
_DECODER = json.JSONDecoder(
    object_pairs_hook=Pairs, parse_float=Number, parse_int=Number, parse_constant=lambda _: NOTHING
)


@dataclass
class Expected:
    """What must be found of one line."""

    line: bytes
    is_rejected: bool = False
    columns: dict[str, Any] = field(default_factory=dict)
    """By the column's name; what is absent here is NULL."""
    unknown: dict[str, Any] = field(default_factory=dict)
    aside: "Counter[tuple[str, str]]" = field(default_factory=Counter)
    """(key, its value in `plain` form)"""

    @property
    def values(self) -> int:
        return len(self.columns) + len(self.unknown) + sum(self.aside.values())


class _Wrong(Exception):
    """A value that does not fit its column."""


def validate(body: bytes, now: dt.datetime, rules: dict[str, Rule] = EVENTS) -> dict[int, Expected]:
    """What must be found of each line that is not blank."""
    return {number: _validated(line, now, rules) for number, line in lines(body)}


def lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    """(number, bytes) of each line that is not blank."""
    for number, raw in enumerate(body.split(b"\n"), start=1):
        if line := raw.removeprefix(BOM).strip(BLANKS):
            yield number, line


def pairs_of(line: bytes) -> Pairs | None:
    """The pairs of a record; None if the line is none. A comma before the last brace is let pass."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return None
    for attempt in (text, re.sub(r",\s*\}$", "}", text)):
        try:
            value = _DECODER.decode(attempt)
        except (ValueError, RecursionError):
            continue
        return value if isinstance(value, Pairs) else None
    return None


def _validated(line: bytes, now: dt.datetime, rules: dict[str, Rule]) -> Expected:
    expected = Expected(line)
    pairs = pairs_of(line)
    if pairs is None:
        expected.is_rejected = True
        return expected
    for key in dict.fromkeys([*rules, *(key for key, _ in pairs)]):
        rule = rules.get(key)
        given = [value for name, value in pairs if name == key and _is_value(value, rule)]
        for other in given[:-1]:
            expected.aside[key, plain(other)] += 1
        if rule is None:
            if given:
                expected.unknown[key] = given[-1]
            continue
        if not given:
            expected.is_rejected |= rule.required
            continue
        try:
            fit, is_exact = _fit(given[-1], rule, now)
            if rule.required and fit == "":
                raise _Wrong
            expected.columns[rule.column] = fit
            if not is_exact:
                expected.aside[key, plain(given[-1])] += 1
        except _Wrong:
            expected.is_rejected |= rule.strict
            expected.aside[key, plain(given[-1])] += 1
    size = len(plain([[*expected.unknown.items()], [*expected.aside]]).encode("utf-8", "surrogatepass"))
    if expected.unknown or expected.aside:
        assert not 50_000 < size < 90_000, "too near to the bound of `extra` to be validated here"
        expected.is_rejected |= size > LONGEST_EXTRA
    return expected


def _is_value(value: Any, rule: Rule | None) -> bool:
    if value is None or value is NOTHING:
        return False
    return not (rule is not None and rule.kind != "text" and value == "" and not isinstance(value, Number))


def _fit(value: Any, rule: Rule, now: dt.datetime) -> tuple[Any, bool]:
    """(the value as its column holds it, whether that is all of it). Raises _Wrong."""
    if isinstance(value, list):
        raise _Wrong
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    if "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
        raise _Wrong
    if rule.kind == "text":
        if len(text.encode()) > rule.size or (rule.is_key and text.strip(" ") != text):
            raise _Wrong
        return text, True
    if rule.kind == "moment":
        return _moment(text, now, is_number=isinstance(value, Number))
    if rule.kind == "integer":
        whole = _integer(text, is_number=isinstance(value, Number))
        if not max(rule.low, -(2 ** (rule.size - 1))) <= whole <= min(rule.high, 2 ** (rule.size - 1) - 1):
            raise _Wrong
        return whole, True
    if not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        raise _Wrong
    if not rule.low <= float(text) <= rule.high or abs(float(text)) == float("inf"):
        raise _Wrong
    return float(text), True


def _integer(text: str, *, is_number: bool) -> int:
    """Digits, of a number also with a fraction or an exponent if it is whole, of a text with ".0"."""
    if re.fullmatch(r"-?0|-?[1-9][0-9]*", text):
        return int(text)
    if is_number or re.fullmatch(r"(-?0|-?[1-9][0-9]*)\.0", text):
        number = float(text)  # JSON's numbers are doubles to most writers and readers
        if number.is_integer() and abs(number) < 2**53:
            return int(number)
    raise _Wrong


def _moment(text: str, now: dt.datetime, *, is_number: bool) -> tuple[dt.datetime, bool]:
    """A moment of any unit; whole numbers stand without blanks around them."""
    if is_number and float(text).is_integer() and abs(float(text)) < 2**53:
        text = str(int(float(text)))
    if re.fullmatch(r"-?0|-?[1-9][0-9]*", text):
        exact = _scaled(Fraction(int(text)))
    elif found := _ISO.fullmatch(text.strip(" \t\n\f\r")):
        exact = _iso(found)
    elif (
        re.fullmatch(r"-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?", text.strip(" \t\n\f\r"))
        and not text.strip(" \t\n\f\r").lstrip("-").isdigit()
    ):
        number = Decimal(text.strip(" \t\n\f\r"))
        if abs(number.adjusted()) > 400:
            raise _Wrong
        exact = _scaled(Fraction(number))
    else:
        raise _Wrong
    whole = round(exact)
    latest = now + dt.timedelta(days=2)
    if not int((dt.datetime(2000, 1, 1) - EPOCH).total_seconds()) * 10**6 <= whole:
        raise _Wrong
    if whole > (latest - EPOCH) // dt.timedelta(microseconds=1):
        raise _Wrong
    return EPOCH + dt.timedelta(microseconds=whole), whole == exact


def _scaled(number: Fraction) -> Fraction:
    """Microseconds, of seconds, milliseconds or microseconds: which one shows by the size."""
    if number < 10**11:
        return number * 10**6
    return number * 1000 if number < 10**14 else number


def _iso(found: "re.Match[str]") -> Fraction:
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        moment = dt.datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0))
    except ValueError as error:
        raise _Wrong from error
    seconds = Fraction((moment - EPOCH) // dt.timedelta(seconds=1))
    if fraction:
        seconds += Fraction(int(fraction), 10 ** len(fraction))
    if zone and zone not in "Zz":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        if int(digits[:2]) > 23 or int(digits[2:]) > 59:
            raise _Wrong
        offset = int(digits[:2]) * 3600 + int(digits[2:]) * 60
        seconds += -offset if zone[0] == "+" else offset
    return seconds * 10**6


def plain(value: Any) -> str:
    """A value as text that is equal for equal values: numbers as they stood, pairs in their order."""
    if isinstance(value, Number):
        return str.__str__(value)
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{json.dumps(key)}:{plain(held)}" for key, held in value) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(plain, value)) + "]"
    return "null" if value is NOTHING else json.dumps(value)


def opened(extra: str | None) -> tuple[dict[str, str], "Counter[tuple[str, str]]"]:
    """(unknown keys with their values, what was set aside) of an `extra`, all in `plain` form."""
    unknown: dict[str, str] = {}
    aside: Counter[tuple[str, str]] = Counter()
    for key, value in _DECODER.decode(extra) if extra else ():
        if key == "_set_aside":
            for entry in value:
                held = dict(entry)
                assert [*held] == ["key", "value", "reason"], entry
                assert held["reason"], entry
                aside[held["key"], plain(held["value"])] += 1
            continue
        name = key[1:] if re.fullmatch("_+_set_aside", key) else key
        assert name not in unknown, f"{name} stands twice in {extra}"
        unknown[name] = plain(value)
    return unknown, aside


def is_same(held: Any, expected: Any) -> bool:
    """Whether a column holds what it must."""
    return type(held) is type(expected) and bool(held == expected)


@dataclass
class Tallied:
    """What stands after the keys of a text, counted one by one."""

    keys: int = 0
    nulls: int = 0
    empty: "Counter[bytes]" = field(default_factory=Counter)


def tally(text: bytes, *, is_spaced: bool) -> Tallied:
    """Each `":` of a text, and what follows it, found one after the other."""
    found, at = Tallied(), text.find(b'":')
    while at >= 0:
        rest = text[at + 2 + is_spaced : at + 8]
        found.keys += 1
        found.nulls += rest.startswith(b"nu")
        if rest.startswith(b'""'):
            start = text.rfind(b'"', 0, at)
            is_whole = start >= 0 and text[start - 1 : start] != b"\\" and at - start <= 50
            found.empty[text[start + 1 : at] if is_whole else b""] += 1
        at = text.find(b'":', at + 2)
    return found


def is_safe(text: bytes, *, is_spaced: bool) -> bool:
    """Whether nothing stands in a text that a fast reader could lose, as far as bytes can show it."""
    value = rb'(?:["0-9]|-[0-9]|nu|tr|fa)'
    blank = b" " if is_spaced else b""
    return not (
        re.search(rb'":(?!' + blank + value + rb")", text)
        or re.search(rb'"[ \t\r\n]+:', text)
        or b"\\u0000" in text
        or text.startswith(BOM)
    )
