"""Precision and scale of what is computed from DECIMALs (AWS: "Computations with numeric values").

The page's own example is checked here; a second source are the examples of "WHERE clause" and "DECLARE",
where a DECIMAL(8,2) divided by a SMALLINT has eight decimals. Whether the last one is cut off or rounded is
undocumented: cut off, as the average of whole numbers is.
"""

from collections.abc import Iterable
from dataclasses import dataclass

MOST_DIGITS = 38
_LEAST_SCALE = 4
_MOST_OF_A_SET = 19
"""The precision of a UNION or COALESCE of different DECIMALs; of one with more digits 38, unverified."""


@dataclass(frozen=True)
class Exact:
    """A type of exact numbers: a DECIMAL, or whole numbers, which count as a DECIMAL beside one."""

    precision: int
    scale: int
    is_whole: bool = False

    @property
    def type(self) -> str:
        """The type's name."""
        return f"NUMERIC({self.precision},{self.scale})"


INT2, INT4, INT8 = Exact(5, 0, True), Exact(10, 0, True), Exact(19, 0, True)
BARE = Exact(18, 0)


def computed(sign: str, a: Exact, b: Exact) -> Exact | None:
    """The type of `a sign b`; None for an operator that the page does not tell of.

    >>> computed("/", Exact(8, 2), Exact(8, 2))
    Exact(precision=17, scale=9, is_whole=False)
    >>> computed("/", Exact(8, 2), INT2).scale
    8
    >>> computed("/", Exact(38, 2), INT8)
    Exact(precision=38, scale=4, is_whole=False)
    >>> computed("*", Exact(8, 2), INT2)
    Exact(precision=14, scale=2, is_whole=False)
    >>> computed("+", Exact(8, 2), Exact(5, 4))
    Exact(precision=11, scale=4, is_whole=False)
    """
    if sign not in ("+", "-", "*", "/"):
        return None
    if a.is_whole and b.is_whole:
        return max(a, b, key=lambda kind: kind.precision)
    if sign in ("+", "-"):
        scale = max(a.scale, b.scale)
        return _limited(max(a.precision - a.scale, b.precision - b.scale) + 1 + scale, scale)
    if sign == "*":
        return _limited(a.precision + b.precision + 1, a.scale + b.scale)
    scale = max(_LEAST_SCALE, a.scale + b.precision - b.scale + 1)
    precision = a.precision - a.scale + b.scale + scale
    if precision > MOST_DIGITS:
        precision, scale = MOST_DIGITS, max(MOST_DIGITS + scale - precision, _LEAST_SCALE)
    return Exact(precision, scale)


def common(kinds: Iterable[Exact | None]) -> Exact | None:
    """The type of a column of UNION, or of COALESCE, of these types; None if one is unknown.

    >>> common([Exact(7, 2), Exact(15, 3)])
    Exact(precision=15, scale=3, is_whole=False)
    """
    known: list[Exact] = []
    for kind in kinds:
        if kind is None:
            return None
        known.append(kind)
    if not known:
        return None
    if len(set(known)) == 1:
        return known[0]
    if all(kind.is_whole for kind in known):
        return max(known, key=lambda kind: kind.precision)
    scale = max(kind.scale for kind in known)
    widest = max(kind.precision for kind in known)
    most = _MOST_OF_A_SET if widest <= _MOST_OF_A_SET else MOST_DIGITS
    return Exact(min(max(kind.precision - kind.scale for kind in known) + scale, most), scale)


def literal(text: str) -> Exact | None:
    """The type of a number as it is written; None for one with an exponent.

    >>> literal("3.14"), literal("7") == INT4, literal("3000000000") == INT8
    (Exact(precision=3, scale=2, is_whole=False), True, True)
    """
    if not text.replace(".", "", 1).isdigit():
        return None
    whole, dot, fraction = text.partition(".")
    whole = whole.lstrip("0")
    if not dot and int(text) < 2**63:
        return INT4 if int(text) < 2**31 else INT8
    return Exact(max(len(whole) + len(fraction), 1), len(fraction))


def _limited(precision: int, scale: int) -> Exact:
    return Exact(min(precision, MOST_DIGITS), min(scale, MOST_DIGITS))
