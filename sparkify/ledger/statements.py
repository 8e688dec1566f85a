"""The statements of `sql/ledger`."""

from sparkify.engines.base import Engine, Value
from sparkify.engines.relations import definition


def run(engine: Engine, *names: str, **params: Value) -> None:
    """Run these, one after the other."""
    for name in names:
        engine.execute(definition(name, group="ledger"), params)
