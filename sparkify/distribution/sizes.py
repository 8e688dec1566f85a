"""How much a step moves: counted on the warehouse at hand, once, then scaled.

Growing by g means g services of this size side by side: g times the listeners, plays and songs, with the
same days, places and levels. So groups that hold an id multiply, and all others hold g times the rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sparkify.distribution.blocks import Field
from sparkify.engines.base import Reader


@dataclass(frozen=True)
class Encoding:
    """How a row travels: `fixed` are the bytes without those of its texts, `text` is SQL for the bytes of one."""

    name: str
    fixed: Callable[[Sequence[int | None]], int]
    """From the width of each column, None for text."""
    text: str


PLAIN = Encoding(
    "plain", lambda widths: sum(4 if one is None else one for one in widths), "OCTET_LENGTH({})"
)
"""Numbers as wide as their types, text as its bytes and their number: what we assume of Redshift."""
UNSAFE_ROW = Encoding(
    "UnsafeRow",
    lambda widths: 4 + 8 * ((len(widths) + 63) // 64) + 8 * len(widths),
    "CEIL(OCTET_LENGTH({}) / 8.0) * 8",
)
"""Spark's: the size, a bit for each column, 8 bytes a column, and text padded to 8 bytes behind them."""


@dataclass(frozen=True)
class Volume:
    """Rows, and the bytes that they are in an encoding."""

    rows: float
    bytes: float

    def __add__(self, other: "Volume") -> "Volume":
        return Volume(self.rows + other.rows, self.bytes + other.bytes)

    def times(self, factor: float) -> "Volume":
        return Volume(self.rows * factor, self.bytes * factor)


@dataclass
class Sizes:
    """Counts, each made once."""

    reader: Reader
    encoding: Encoding
    slices: int
    grow: int
    _known: dict[str, tuple[float, ...]] = field(default_factory=dict)

    def rows(self, source: str, columns: Sequence[Field], *, grows: bool) -> Volume:
        """All rows of a FROM, with these columns."""
        texts = self._text(columns)
        count, text = self._ask(f"SELECT COUNT(*), COALESCE(SUM({texts}), 0) {source}")
        volume = Volume(count, count * self.encoding.fixed([one.width for one in columns]) + text)
        return volume.times(self.grow if grows else 1)

    def partial_groups(
        self,
        source: str,
        keys: Sequence[Field],
        carried: Sequence[int | None],
        spread: str | None,
        *,
        grows: bool,
        spread_grows: bool,
    ) -> Volume:
        """What slices send when each has grouped its own rows: a group travels once for each slice that has it.

        Rows lie by the value of `spread`, or evenly; a group with k values of it, or k rows, lies on
        S (1 - (1 - 1/S)^k) of S slices. `carried` are the widths of its aggregates.
        """
        each = "COUNT(*)" if spread is None else f"COUNT(DISTINCT {spread}) + MAX(CASE WHEN {spread} IS NULL THEN 1 ELSE 0 END)"
        more = self.grow if spread_grows and not grows else 1
        texts = self._text(keys)
        by = ", ".join(key.sql for key in keys)
        inner = f"SELECT {each} AS k, {f'MAX({texts})' if by else '0'} AS text {source}" + (f" GROUP BY {by}" if by else "")
        slices = f"{self.slices}.0 * (1.0 - POWER(1.0 - 1.0 / {self.slices}, k * {more}.0))"
        count, text = self._ask(
            f"SELECT COALESCE(SUM({slices}), 0), COALESCE(SUM({slices} * text), 0) FROM ({inner}) AS grouped"
        )
        widths = [*(key.width for key in keys), *carried]
        volume = Volume(count, count * self.encoding.fixed(widths) + text)
        return volume.times(self.grow if grows else 1)

    def _text(self, columns: Sequence[Field]) -> str:
        texts = [one.sql for one in columns if one.width is None]
        return " + ".join(f"COALESCE({self.encoding.text.format(one)}, 0)" for one in texts) or "0"

    def _ask(self, sql: str) -> tuple[float, ...]:
        if sql not in self._known:
            self._known[sql] = tuple(float(value) for value in self.reader.query(sql).rows[0])
        return self._known[sql]
