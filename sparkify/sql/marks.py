"""The marks of a column: what its comment in the DDL says in brackets, the rest of its contract.

    length  DOUBLE PRECISION,  -- [public, 0 to 86_400] length of the song in seconds

Of a column of staging:

    public          it says nothing of a listener; beside a user_id, what is not marked so is personal: erased
                    with a forgotten listener
    0 to 86_400     the least and the greatest value
    unpadded        text without blanks at its ends, which Redshift does not compare
    strict          a wrong value rejects the record, as in a required column
    key deviceID    the app's name for it, where it is not the column's in camel case (of songs: the column's)

Of a column of the star:

    from TABLE.COL  the column of staging that it shows,
    trimmed         ... without blanks at its ends, NULL if nothing is left
    unquoted        ... without blanks and quotes at its ends, NULL if nothing is left
    normalized      ... in the normal form of text, see `load.text`
    nonzero         ... a zero as NULL
"""

import re
from typing import Any

from sparkify.errors import ConfigError

OF_STAGING = (
    "public, strict, LOW to HIGH (whole numbers, of a column of numbers), unpadded (of text), key NAME"
)
OF_STAR = "from TABLE.COLUMN (of staging), and with it trimmed, unquoted or normalized (of text) or nonzero"
_COMMENT = re.compile(r"^[ \t]*(\w+)[ \t][^\n]*?--[ \t]*([^\n]*)$", re.MULTILINE)
_FLAGS = {"public": "is_public", "strict": "is_strict", "unpadded": "is_unpadded"}
_FORMS = ("trimmed", "unquoted", "normalized", "nonzero")
_WHOLE = r"(-?\d+(?:_\d+)*)"
_BITS = {"SMALLINT": 15, "INTEGER": 31, "BIGINT": 63}


class Line:
    """A line of the DDL, of one column: its marks and its meaning."""

    def __init__(self, file: str, number: int, column: str, comment: str) -> None:
        """Raises ConfigError for a bracket that is open or empty."""
        self._place = f"{file}, line {number}, {column}" if number else f"{file}, {column}"
        self.marks: list[str] = []
        self.meaning = comment
        if comment.startswith("["):
            marks, closed, meaning = comment[1:].partition("]")
            self.meaning = meaning.strip()
            self.marks = [one.strip() for one in marks.split(",")]
            if not (closed and all(self.marks)):
                raise self.wrong("the brackets are not closed, or hold no mark", f"{OF_STAGING}; {OF_STAR}")

    def wrong(self, what: str, allowed: str) -> ConfigError:
        return ConfigError(f"{self._place}: {what}. Allowed: {allowed}.")

    def read(self, structure: dict[str, Any], allowed: str) -> dict[str, Any]:
        """What the marks say, as `schema.Column` names it. Raises ConfigError for one that is not `allowed`.

        What they say of other columns, in `source` and `key`, is for the table to look at.
        """
        found: dict[str, Any] = {}
        for mark in self.marks:
            name, value = self._one(mark, structure, allowed)
            if name in found:
                raise self.wrong(f"[{', '.join(self.marks)}] says twice what one mark says", allowed)
            found[name] = value
        if "form" in found and "source" not in found:
            raise self.wrong(f"[{found['form']}] is of a column with a mark from", allowed)
        return found

    def _one(self, mark: str, structure: dict[str, Any], allowed: str) -> tuple[str, Any]:
        kind = structure["kind"]
        if allowed == OF_STAGING:
            if mark in _FLAGS and (mark != "unpadded" or kind == "text"):
                return _FLAGS[mark], True
            if (limits := re.fullmatch(f"{_WHOLE} to {_WHOLE}", mark)) and kind in ("integer", "number"):
                return "limits", self._limits(int(limits[1]), int(limits[2]), mark, structure["type"])
            if key := re.fullmatch(r"key (\S+)", mark):
                return "key", key[1]
        if allowed == OF_STAR:
            if mark in _FORMS and (kind in ("integer", "number")) == (mark == "nonzero"):
                return "form", mark
            if source := re.fullmatch(r"from (\w+\.\w+)", mark):
                return "source", source[1]
        raise self.wrong(f"[{mark}] is no mark of this {structure['type']} column", allowed)

    def _limits(self, low: int, high: int, mark: str, type_: str) -> tuple[int, int]:
        if low > high:
            raise self.wrong(f"[{mark}] ends below its beginning", "LOW to HIGH")
        if not fits(type_, low, high):
            raise self.wrong(f"[{mark}] is more than {type_} holds", "LOW to HIGH within the type")
        return low, high


def fits(type_: str, low: int, high: int) -> bool:
    """Whether a column of this type holds these whole numbers.

    >>> fits("SMALLINT", 0, 9_999), fits("SMALLINT", 0, 99_999)
    (True, False)
    """
    least, greatest = range_of(type_)
    return least <= low and high <= greatest


def range_of(type_: str) -> tuple[int, int]:
    """The least and the greatest whole number that such a column holds; of a DOUBLE, beyond any mark."""
    bits = _BITS.get(type_, 1_023)
    return -(2**bits), 2**bits - 1


def read_lines(file: str, text: str) -> dict[str, Line]:
    """The lines of a DDL file that have a comment, by the column."""
    return {
        found[1]: Line(file, text.count("\n", 0, found.start(1)) + 1, found[1], found[2].strip())
        for found in _COMMENT.finditer(text)
    }
