"""The statements of `sql/ledger`, and the temporary tables that they read."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sparkify.engines.base import Engine, Value
from sparkify.engines.relations import definition


def run(engine: Engine, *names: str, **params: Value) -> None:
    """Run these, one after the other."""
    for name in names:
        engine.execute(definition(name, group="ledger"), params)


@contextmanager
def temporary(
    engine: Engine, table: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]
) -> Iterator[None]:
    """In the block there is a temporary table of these columns, each with its type, that holds these rows."""
    types = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    engine.execute(f"CREATE TEMP TABLE {table} ({types})")
    engine.insert(table, list(columns), rows)
    yield
    engine.execute(f"DROP TABLE {table}")
