"""How much a step moves: counted on the warehouse at hand, once, then scaled.

Growing by g means g services of this size side by side: g times the listeners, plays and songs, with the
same days, places and levels. So groups that hold an id multiply, and all others hold g times the rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sparkify.distribution.plan import Field
from sparkify.engines.base import Reader


@dataclass(frozen=True)
class Encoding:
    """How a row travels: `fixed` are its bytes but for texts, `text` is SQL for the bytes of one."""

    name: str
    fixed: Callable[[Sequence[int | None]], int]
    """From the width of each column, None for text."""
    text: str


PLAIN = Encoding("plain", lambda widths: sum(4 if one is None else one for one in widths), "OCTET_LENGTH({})")
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
    _groups: dict[tuple[str, str, str | None, int], tuple[float, float]] = field(default_factory=dict)

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
        others: Sequence[str] = (),
        *,
        grows: bool,
        spread_grows: bool,
    ) -> Volume:
        """What slices send when each has grouped its rows: a group goes once for each slice that has it.

        Rows lie by the value of `spread`, or evenly; a group with k values of it, or k rows, lies on
        S (1 - (1 - 1/S)^k) of S slices. `carried` are the widths of its aggregates. What it would be with
        rows that lie by `others` is counted on the way, since somebody will ask.
        """
        more = self.grow if spread_grows and not grows else 1
        texts, by = self._text(keys), ", ".join(key.sql for key in keys)
        if (source, by, spread, more) not in self._groups:
            self._count_groups(source, by, texts, list(dict.fromkeys([spread, None, *others])), more)
        count, text = self._groups[source, by, spread, more]
        widths = [*(key.width for key in keys), *carried]
        volume = Volume(count, count * self.encoding.fixed(widths) + text)
        return volume.times(self.grow if grows else 1)

    def _count_groups(
        self, source: str, by: str, texts: str, spreads: Sequence[str | None], more: int
    ) -> None:
        """Fill in groups x slices, and the bytes of their texts, for rows that lie by each of `spreads`."""
        each = [
            "COUNT(*)" if one is None
            else f"COUNT(DISTINCT {one}) + MAX(CASE WHEN {one} IS NULL THEN 1 ELSE 0 END)"
            for one in spreads
        ]  # fmt: skip
        counted = ", ".join(f"{one} AS k{n}" for n, one in enumerate(each))
        inner = (
            f"SELECT {f'MAX({texts})' if by else '0'} AS text, {counted} {source}{by and f' GROUP BY {by}'}"
        )
        slices = [
            f"{self.slices}.0 * (1.0 - POWER(1.0 - 1.0 / {self.slices}, k{n} * {more}.0))"
            for n in range(len(spreads))
        ]
        sums = ", ".join(f"COALESCE(SUM({one}), 0), COALESCE(SUM({one} * text), 0)" for one in slices)
        found = self._ask(f"SELECT {sums} FROM ({inner}) AS grouped")
        for n, one in enumerate(spreads):
            self._groups[source, by, one, more] = found[2 * n], found[2 * n + 1]

    def _text(self, columns: Sequence[Field]) -> str:
        texts = [one.sql for one in columns if one.width is None]
        return " + ".join(f"COALESCE({self.encoding.text.format(one)}, 0)" for one in texts) or "0"

    def _ask(self, sql: str) -> tuple[float, ...]:
        if sql not in self._known:
            self._known[sql] = tuple(float(value) for value in self.reader.query(sql).rows[0])
        return self._known[sql]
