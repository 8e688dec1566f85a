"""Where the rows of a table lie: rows and bytes on each slice, skew, and the space that copies take.

Nobody outside AWS knows Redshift's hash, so a key falls on any slice with the same chance: drawn, with a
fixed seed, for the keys as often as they occur. Rows without a key share one slice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sparkify.distribution.placement import Cluster, Style
from sparkify.distribution.plan import Column
from sparkify.distribution.syntax import type_width
from sparkify.engines.base import Reader

BLOCK = 1 << 20
"""The least that a column takes on a slice which has any row."""
HIDDEN = 3
"""Columns that Redshift adds to every table."""
SEED = 6
Loads = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """A table under one style: the rows of each slice that holds any, and the bytes on disk."""

    rows: Loads
    stored: float

    @cached_property
    def skew(self) -> float:
        """The fullest slice over the mean."""
        return float(self.rows.max() / self.rows.mean()) if self.rows.sum() else 1.0


@dataclass(frozen=True)
class Histogram:
    """How many keys occur how often, and how many rows have none."""

    often: NDArray[np.int64]
    keys: NDArray[np.int64]
    without: int


class TableSizes:
    """One table: its rows, the mean width of each column, its keys' frequencies when asked for."""

    def __init__(self, reader: Reader, name: str, columns: Mapping[str, Column], grow: int) -> None:
        self._reader, self._name, self._columns = reader, name, columns
        self.grow = grow if any(column.grows for column in columns.values()) else 1
        texts = [one for one, column in columns.items() if type_width(column.type) is None]
        sums = "".join(f", COALESCE(SUM(OCTET_LENGTH({one})), 0)" for one in texts)
        count, *bytes_ = reader.query(f"SELECT COUNT(*){sums} FROM {name}").rows[0]
        self.rows = int(count) * self.grow
        found = dict(zip(texts, bytes_, strict=True))
        self.widths = {
            one: float(type_width(column.type) or 4 + found[one] / max(1, count))
            for one, column in columns.items()
        }
        self._histograms: dict[str, Histogram] = {}

    def bytes(self, columns: Sequence[str]) -> float:
        """The width of these columns in a row."""
        return sum(self.widths[one] for one in columns)

    def distinct(self, column: str) -> int:
        """How many keys there are."""
        return int(self.histogram(column).keys.sum())

    def histogram(self, column: str) -> Histogram:
        """Count once how often keys occur. More listeners and songs are more keys, each as often."""
        if column not in self._histograms:
            rows = self._reader.query(
                f"SELECT often, COUNT(*) AS keys FROM (SELECT COUNT(*) AS often FROM {self._name} "
                f"WHERE {column} IS NOT NULL GROUP BY {column}) AS counted GROUP BY often ORDER BY often"
            ).rows
            without = self._reader.query(
                f"SELECT COUNT(*) AS n FROM {self._name} WHERE {column} IS NULL"
            ).scalar()
            often, keys = (np.array([int(row[i]) for row in rows], dtype=np.int64) for i in (0, 1))
            more_keys, more_rows = (self.grow, 1) if self._columns[column].grows else (1, self.grow)
            self._histograms[column] = Histogram(
                often * more_rows, keys * more_keys, int(without) * self.grow
            )
        return self._histograms[column]

    def spread(self, style: Style, cluster: Cluster) -> Spread:
        """The rows of each slice. ALL is one copy on each node, on one slice of it."""
        if style.name == "ALL":
            loads = np.full(cluster.nodes, float(self.rows))
        elif not style.key:
            loads = np.full(cluster.slices, self.rows / cluster.slices)
        else:
            loads = hashed(self.histogram(style.key), cluster.slices)
        return Spread(loads, self._stored(loads))

    def _stored(self, loads: Loads) -> float:
        widths = [*self.widths.values(), *([8.0] * HIDDEN)]
        held = loads[loads > 0]
        return float(sum((np.ceil(held * width / BLOCK) * BLOCK).sum() for width in widths))


def hashed(histogram: Histogram, slices: int) -> Loads:
    """The rows of each slice when every key falls on a slice by chance.

    >>> hashed(Histogram(np.array([5]), np.array([1]), 0), 4).sum().item()
    5.0
    """
    draw = np.random.default_rng(SEED)
    loads = np.zeros(slices)
    for often, keys in zip(histogram.often, histogram.keys, strict=True):
        loads += often * draw.multinomial(int(keys), np.full(slices, 1 / slices))
    loads[0] += histogram.without
    return loads
