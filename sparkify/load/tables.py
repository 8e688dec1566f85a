"""The tables themselves: made, dropped, counted, and of a version that this program knows."""

import contextlib
from collections.abc import Mapping, Sequence

from sparkify.engines.base import Engine, Paths
from sparkify.errors import ConfigError, QueryError, RetryError, RightsError, WarehouseError
from sparkify.ledger import seal, state
from sparkify.ledger.digests import SEALED, Changes, Digest, read_digest
from sparkify.ledger.runs import last_run, writing
from sparkify.ledger.seal import begin, read_program, sealed
from sparkify.load.evolve import add_columns, add_unsealed
from sparkify.load.layout import missing_columns, read_columns, require_columns
from sparkify.load.own_models import standing
from sparkify.load.rules import other_pages
from sparkify.load.star import build_star, drop_affected, recount_all
from sparkify.load.text import relearn_forms
from sparkify.source.file import Dataset
from sparkify.sql import Statement, schema, statement, statements

DEFAULT_PAGES = ("NextSong",)
VERSION = 5
"""The layout's version; raise it with every change to tables and views, and write the migrations to it."""
VIEWS_SINCE = 4
"""The layout since which the names of views are ours."""
OURS = (*schema.ALL, *schema.VIEWS)
SHARED = (*schema.STAR, *schema.VIEWS)
"""What readers see: the star and the questions' views, and nothing else."""


def create_tables(engine: Engine) -> list[str]:
    """Make the tables that are missing, and return their names.

    A warehouse made by an older program is brought up to date; one made by a newer program is refused, and
    so is a database that is none of ours.
    """
    there = _ours_by_name(engine)
    if state.VERSION_TABLE in there:
        if _version(engine) < VERSION:
            migrate(engine)
        require_version(engine)
        require_columns(engine, adds_to_staging=True)
        _add_columns(engine)
        there = _ours_by_name(engine)
    elif there:
        raise ConfigError(
            f"there is a table {there[0]} already, and this is no warehouse of ours. "
            "Choose another file with --warehouse, or another [REDSHIFT] SCHEMA."
        )
    order = (*schema.STAGING, *reversed(schema.STAR), *schema.LEDGER)
    missing = [name for name in order if name not in there]
    for name in missing:
        schema.table(name)  # a mistake in the DDL is said before anything is made
    if missing or not set(schema.VIEWS) <= set(there):
        with engine.transaction():
            for name in missing:
                engine.execute(statement("tables", name).text)
            if state.VERSION_TABLE in missing:
                state.add_version(engine, VERSION)
            if state.PAGES_TABLE in missing:
                state.write_play_pages(engine, DEFAULT_PAGES)
            _create_views(engine, there)
            if len(missing) == len(order):
                begin(engine)
    with writing(engine):
        engine.grant(SHARED, OURS)
    return missing


def _create_views(engine: Engine, there: Sequence[str]) -> None:
    """Make the views that are missing. One that is there may be somebody's own: WarehouseError, if it is."""
    for name in schema.VIEWS:
        text = statement("views", name).text
        if name not in there:
            engine.execute(text)
            continue
        made_of = text.partition(" AS\n")[2]
        ours = engine.query(f"SELECT * FROM ({made_of}) AS ours LIMIT 0").columns
        if set(engine.query(f"SELECT * FROM {name} LIMIT 0").columns) != set(ours):
            raise WarehouseError(
                f"sparkify needs the name {name} for a view of its own, and another table or view has it. "
                "Drop that one or give it another name, then run this again; nothing was changed."
            )


def _drop_views(engine: Engine) -> None:
    for name in reversed(schema.VIEWS):  # Redshift keeps what a view is made of
        engine.execute(f"DROP VIEW IF EXISTS {name}")


def drop_tables(engine: Engine) -> None:
    """Remove every table with all it holds, and its blocks.

    ConfigError if this is no warehouse of ours, or is sealed with a key that is not here.
    """
    if state.VERSION_TABLE not in _ours_by_name(engine):
        raise ConfigError(
            f"this is no warehouse of ours: it has no table {state.VERSION_TABLE}. Nothing was removed."
        )
    seal.require_key(engine)
    models: list[str] = []
    with contextlib.suppress(WarehouseError):  # of seals that cannot be read
        models = sorted(standing(engine))
    with engine.transaction():
        for name in models:
            engine.execute(f"DROP TABLE {name}")
        _drop_views(engine)
        for name in (*schema.STAR, *schema.STAGING, *schema.LEDGER):
            engine.execute(f"DROP TABLE IF EXISTS {name}")
    engine.rewrite()


def prepare_tables(engine: Engine, paths: Mapping[Dataset, Paths] | None = None) -> None:
    """What whoever writes needs: an older warehouse is brought up to date, views that are new are made, and
    readers are let in.

    Who may write but not grant leaves the readers as they are; so does a conflict, until the next load.
    Raises as `require_tables`.
    """
    if has_tables(engine) and _version(engine) < VERSION:
        migrate(engine, paths)
    there = _ours_by_name(engine)
    if state.VERSION_TABLE in there and _version(engine) == VERSION and not set(schema.VIEWS) <= set(there):
        with writing(engine):
            _create_views(engine, there)
    require_tables(engine, adds_to_staging=True)
    _add_columns(engine, paths)
    with contextlib.suppress(RightsError, RetryError), writing(engine):
        engine.grant(SHARED, OURS)


def require_star(engine: Engine) -> None:
    """Raise ConfigError unless there is a star, in a warehouse or as `sparkify export` writes it."""
    there = _ours_by_name(engine)
    if state.VERSION_TABLE in there or not set(schema.STAR) <= set(there):
        require_tables(engine)


def require_tables(engine: Engine, among: Sequence[str] = OURS, *, adds_to_staging: bool = False) -> None:
    """Raise ConfigError if this is no warehouse yet, WarehouseError if it is not whole, or too new.

    RightsError says that the login sees what readers see, and no more.

    Readers know of no table but those that they see: for what they may ask, look `among` SHARED.
    """
    there = _ours_by_name(engine)
    if not _says_version(there):
        raise ConfigError(
            "the warehouse has no tables yet. `sparkify etl --source DIR` makes and fills them."
        )
    require_version(engine)
    missing = [name for name in among if name not in there]
    if state.VERSION_TABLE in missing:
        raise RightsError(
            "this login sees what readers see, the star and the views. What loads, checks, or shows files "
            "and messages needs the login of the warehouse's owner; docs/connecting.md says who sees what."
        )
    if missing:
        raise WarehouseError(
            f"the warehouse lacks {', '.join(missing)}. Restore a copy of it, or `sparkify tables create` "
            "makes what is missing, empty."
        )
    require_columns(engine, among, adds_to_staging=adds_to_staging)


def require_version(engine: Engine) -> None:
    """Raise WarehouseError if a program of another layout made this warehouse."""
    version = _version(engine)
    if version > VERSION:
        raise WarehouseError(
            f"the warehouse has layout {version}, this program ({state.this_program()}) knows {VERSION}. "
            f"Use {read_program(engine) or 'the newer sparkify'}; nothing was changed."
        )
    if version < VERSION:
        raise WarehouseError(
            f"the warehouse has layout {version}, this program {VERSION}. `sparkify tables create` brings it "
            "up to date, and so does the next load."
        )


def migrate(engine: Engine, paths: Mapping[Dataset, Paths] | None = None) -> list[str]:
    """Bring an older warehouse to this program's layout, all or nothing; return what was done, in sentences.

    The name of a migration begins with the version that it leads to: `2_1_...` is the first to version 2.
    """
    done = []
    with writing(engine):
        there, version, before = _ours_by_name(engine), _version(engine), _digests(engine)
        if VIEWS_SINCE <= version < VERSION:  # they hold nothing, and are made again
            _drop_views(engine)
            there = _ours_by_name(engine)
        for step in sorted(statements("migrations"), key=_order):
            if _order(step)[0] > version:
                engine.execute(step.text)
                done.append(step.comment)
        if version < VERSION:
            for name in schema.LEDGER:
                if name not in there:
                    engine.execute(statement("tables", name).text)
            if state.PAGES_TABLE not in there:
                state.write_play_pages(engine, DEFAULT_PAGES)
            _create_views(engine, there)
            state.add_version(engine, VERSION)
            require_columns(engine, adds_to_staging=True)
            done += [f"Column {name} is new." for name in add_unsealed(engine, paths)]
            changes = Changes(engine, "migrate", f"{state.this_program()} made layout {version} {VERSION}")
            _rebuild(engine, changes)
            seal.migrated(engine, changes, before)
    return done


def _digests(engine: Engine) -> dict[str, Digest]:
    """Of the tables that are there, by the columns that they have; nothing where there are no seals yet."""
    there = read_columns(engine)
    if seal.CHAIN not in there:
        return {}
    lacking = {
        name: {column.name for column in schema.table(name).columns} - {*there[name]}
        for name in SEALED
        if name in there
    }
    return {name: read_digest(engine, name, without=columns) for name, columns in lacking.items()}


def _add_columns(engine: Engine, paths: Mapping[Dataset, Paths] | None = None) -> None:
    """Lock nobody out where there is nothing to add."""
    if missing_columns(engine):
        with writing(engine):
            add_columns(engine, paths)


def _rebuild(engine: Engine, changes: Changes) -> None:
    """What this program's rules make of staging: normal forms of text, star, and counts of the ledger."""
    last = last_run(engine)
    relearn_forms(engine, last)
    drop_affected(engine, build_star(engine, 0, last, changes))
    recount_all(engine)


def use_play_pages(engine: Engine, pages: Sequence[str]) -> None:
    """Let a warehouse without events take these pages. ConfigError if it was built with others."""
    if differs := other_pages(engine, pages):
        raise ConfigError(
            f"{differs}. `sparkify rebuild` rebuilds it, and `sparkify etl --rebuild` does so before it "
            "loads; nothing was loaded."
        )
    if state.read_play_pages(engine) == sorted(set(pages)):
        return
    with (
        writing(engine),
        sealed(engine, "settings", f"PLAY_PAGE is {', '.join(pages)}"),
    ):
        state.write_play_pages(engine, pages)


def count_rows(engine: Engine) -> dict[str, int]:
    """The rows of each star table."""
    return {name: engine.query(f"SELECT COUNT(*) AS n FROM {name}").scalar() for name in schema.STAR}


def has_tables(engine: Engine) -> bool:
    """Whether this is a warehouse yet, as far as this login sees."""
    return bool(_says_version(_ours_by_name(engine)))


def _order(migration: Statement) -> tuple[int, int]:
    version, number, _ = migration.name.split("_", maxsplit=2)
    return int(version), int(number)


def _version(engine: Engine) -> int:
    said_by = _says_version(_ours_by_name(engine))
    try:
        return state.read_version(engine, said_by)
    except QueryError as error:
        if said_by == state.VERSION_TABLE:
            raise
        raise WarehouseError(
            f"the warehouse lacks {state.VERSION_TABLE}, which {said_by} is read from: something else than "
            "sparkify dropped it. Restore a copy of the warehouse."
        ) from error


def _says_version(there: Sequence[str]) -> str:
    """What says the layout's version: the owner's table, or the view that readers see; empty for neither."""
    return next((name for name in (state.VERSION_TABLE, "load_state") if name in there), "")


def _ours_by_name(engine: Engine) -> list[str]:
    """The tables and views that are called as one of ours."""
    found = engine.query(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA() "
        "ORDER BY table_name"
    )
    return [name for (name,) in found.rows if name in OURS]
