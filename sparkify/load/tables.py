"""The tables themselves: made, dropped, counted, and of a version that this program knows."""

from sparkify.engines.base import Engine
from sparkify.errors import ConfigError, WarehouseError
from sparkify.sql import schema, statement

VERSION = 1
"""The layout's version; raise it with every change to the tables."""


def create_tables(engine: Engine) -> list[str]:
    """Make the tables that are missing, and return their names.

    A warehouse made by a newer program is refused, and so is a database that is none of ours.
    """
    there = _ours_by_name(engine)
    if "etl_version" in there:
        require_version(engine)
    elif there:
        raise ConfigError(
            f"there is a table {there[0]} already, and this is no warehouse of ours. "
            "Choose another file with --warehouse, or another [REDSHIFT] SCHEMA."
        )
    order = (*schema.STAGING, *reversed(schema.STAR), *schema.BOOKS)
    missing = [name for name in order if name not in there]
    if missing:
        with engine.transaction():
            for name in missing:
                engine.execute(statement("tables", name).text)
            if "etl_version" in missing:
                engine.insert("etl_version", ("version",), [(VERSION,)])
            engine.grant(schema.ALL)
    return missing


def drop_tables(engine: Engine) -> None:
    """Remove every table with all it holds. ConfigError if this is no warehouse of ours."""
    if not has_tables(engine):
        raise ConfigError("this is no warehouse of ours: it has no table etl_version. Nothing was removed.")
    with engine.transaction():
        for name in (*schema.STAR, *schema.STAGING, *schema.BOOKS):
            engine.execute(f"DROP TABLE IF EXISTS {name}")


def require_tables(engine: Engine) -> None:
    """Raise ConfigError if this is no warehouse yet, WarehouseError if it is not whole, or too new."""
    there = _ours_by_name(engine)
    if "etl_version" not in there:
        raise ConfigError(
            "the warehouse has no tables yet. `sparkify etl --source DIR` makes and fills them."
        )
    require_version(engine)
    if missing := [name for name in schema.ALL if name not in there]:
        raise WarehouseError(
            f"the warehouse lacks {', '.join(missing)}. `sparkify tables create` makes what is missing."
        )


def require_version(engine: Engine) -> None:
    """Raise WarehouseError if a program of another layout made this warehouse."""
    version = engine.query("SELECT MAX(version) AS version FROM etl_version").scalar()
    if version != VERSION:
        older = (
            "Load the files into a new warehouse" if (version or 0) < VERSION else "Use the newer sparkify"
        )
        raise WarehouseError(f"the warehouse has layout {version}, this program knows {VERSION}. {older}.")


def count_rows(engine: Engine) -> dict[str, int]:
    """The rows of each star table."""
    return {name: engine.query(f"SELECT COUNT(*) AS n FROM {name}").scalar() for name in schema.STAR}


def has_tables(engine: Engine) -> bool:
    """Whether this is a warehouse yet."""
    return "etl_version" in _ours_by_name(engine)


def _ours_by_name(engine: Engine) -> list[str]:
    """The tables that are called as one of ours."""
    found = engine.query(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA() "
        "ORDER BY table_name"
    )
    return [name for (name,) in found.rows if name in schema.ALL]
