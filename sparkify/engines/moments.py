"""Moments as feeds write them: ISO-8601 text, and seconds, milliseconds or microseconds since 1970."""

import datetime as dt
import re
from decimal import Decimal, InvalidOperation

_ISO = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?\s*(Z|[+-]\d\d(:?[0-5]\d)?)?", re.IGNORECASE | re.ASCII
)
_NUMBER = re.compile(r"-?\d+(\.\d*)?([eE][+-]?\d+)?", re.ASCII)
_BLANKS = " \t\n\f\r"
PLAIN = "milliseconds"
UNITS = ("", "ISO-8601 text", "milliseconds with a fraction", "seconds", "microseconds", PLAIN)
"""How a moment that we rewrote was written, by its number in raw tables; 0 is for those that we did not."""
_NO_MOMENT = Decimal("NaN")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def read_moment(text: str) -> tuple[Decimal | None, str]:
    """(microseconds since 1970, how it was written); None if this is no moment."""
    text = text.strip(_BLANKS)
    if found := _ISO.fullmatch(text):
        plain = text.upper().replace(" ", "T", 1).replace(" ", "").replace(",", ".")
        fraction = found[2] or ""
        try:
            moment = dt.datetime.fromisoformat(
                plain.replace(fraction.replace(",", "."), "", 1) if fraction else plain
            )
        except ValueError:
            return None, ""
        aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        micro = Decimal(f"0{fraction.replace(',', '.')}") * 1_000_000 if fraction else Decimal(0)
        return Decimal((aware - _EPOCH) // dt.timedelta(microseconds=1)) + micro, "ISO-8601 text"
    try:
        number = Decimal(text) if _NUMBER.fullmatch(text) else _NO_MOMENT
    except InvalidOperation:
        return None, ""
    if not number.is_finite() or number.adjusted() >= 18:  # abs() of 1e99999999999 overflows
        return None, ""
    return _in_microseconds(number)


def _in_microseconds(number: Decimal) -> tuple[Decimal, str]:
    if number < 10**11:
        return number * 1_000_000, "seconds"
    if number >= 10**14:
        return number, "microseconds"
    return number * 1000, PLAIN if number == number.to_integral_value() else "milliseconds with a fraction"
