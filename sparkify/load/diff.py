"""Two warehouses, compared row for row: whatever the engine, equal values are equal."""

import datetime as dt
import decimal
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sparkify.engines.base import Engine
from sparkify.sql import schema

SHOWN = 5
Row = tuple[Any, ...]


@dataclass(frozen=True)
class TableDiff:
    """One star table in two warehouses; `keys` holds the first few keys that differ, and how."""

    table: str
    rows: tuple[int, int]
    digests: tuple[str, str]
    differing: int
    keys: Sequence[str]

    @property
    def equal(self) -> bool:
        return self.digests[0] == self.digests[1]


def diff_star(left: Engine, right: Engine) -> list[TableDiff]:
    """Compare every star table."""
    return [_diff_table(schema.table(name), left, right) for name in schema.STAR]


def digest_star(engine: Engine) -> dict[str, str]:
    """The digest of each star table: equal if and only if all rows are."""
    digests = {}
    for name in schema.STAR:
        sha = hashlib.sha256()
        for row in _rows(schema.table(name), engine):
            sha.update(repr(row).encode())
        digests[name] = sha.hexdigest()
    return digests


def _diff_table(table: schema.Table, left: Engine, right: Engine) -> TableDiff:
    width = len(table.primary_key)
    hashes = hashlib.sha256(), hashlib.sha256()
    counts = [0, 0]
    differing = 0
    keys: list[str] = []
    for pair in _merged(_rows(table, left), _rows(table, right), width):
        for side, row in enumerate(pair):
            if row is not None:
                hashes[side].update(repr(row).encode())
                counts[side] += 1
        if pair[0] != pair[1]:
            differing += 1
            if len(keys) < SHOWN:
                keys.append(_difference(table, *pair))
    digests = hashes[0].hexdigest(), hashes[1].hexdigest()
    return TableDiff(table.name, (counts[0], counts[1]), digests, differing, keys)


def _rows(table: schema.Table, engine: Engine) -> Iterator[Row]:
    """The rows of a table in the order of its key, values in one form for all engines."""
    columns = ", ".join((*table.primary_key, *(c for c in table.column_names if c not in table.primary_key)))
    order = ", ".join(table.primary_key)
    for row in engine.stream(f"SELECT {columns} FROM {table.name} ORDER BY {order}"):
        yield tuple(map(_canonical, row))


def _canonical(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    return value


def _merged(left: Iterator[Row], right: Iterator[Row], width: int) -> Iterator[tuple[Row | None, Row | None]]:
    """Pair the rows of equal keys; a row that has no partner stands alone."""
    a, b = next(left, None), next(right, None)
    while a is not None or b is not None:
        if b is None or (a is not None and a[:width] < b[:width]):
            yield a, None
            a = next(left, None)
        elif a is None or b[:width] < a[:width]:
            yield None, b
            b = next(right, None)
        else:
            yield a, b
            a, b = next(left, None), next(right, None)


def _difference(table: schema.Table, a: Row | None, b: Row | None) -> str:
    width = len(table.primary_key)
    key = ", ".join(str(value) for value in (a or b or ())[:width])
    if a is None or b is None:
        return f"{key}: only in {'B' if a is None else 'A'}"
    names = (*table.primary_key, *(c for c in table.column_names if c not in table.primary_key))
    changed = [f"{n} {_said(x)} <> {_said(y)}" for n, x, y in zip(names, a, b, strict=True) if x != y]
    return f"{key}: {', '.join(changed)}"


def _said(value: Any) -> str:
    return "NULL" if value is None else repr(value)
