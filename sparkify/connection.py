"""The warehouse that a configuration names, opened: the one way in, for the command line and for Python."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from sparkify.config import Config
from sparkify.engines.base import Engine, Reader
from sparkify.engines.registry import OpenOptions, Rights, engine_of
from sparkify.errors import BusyError, ConfigError, RightsError, SparkifyError

T = TypeVar("T")


def label(config: Config) -> str:
    """The warehouse, as a sentence names it."""
    return engine_of(config).label(config)


def mode_of_page(config: Config, *, names: bool) -> int:
    """What others may do, at most, with a page: one with names is as private as the warehouse."""
    return engine_of(config).mode(config) if names else 0o777


@contextmanager
def opened(
    config: Config,
    *,
    read_only: bool = True,
    rights: Rights = "login",
    locked_down: bool = False,
    may_make: bool = False,
    rows: int | None = None,
) -> Iterator[Engine]:
    """The warehouse, open for as long as the block lasts; see `OpenOptions`."""
    engine = open_engine(config, OpenOptions(read_only, rights, locked_down, may_make, rows))
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def recording(config: Config, command: str) -> Iterator[None]:
    """A run that fails before it has begun leaves its row too, if there is a warehouse to write to."""
    try:
        yield
    except SparkifyError as error:
        from sparkify.ledger.attempts import is_recorded, record
        from sparkify.load.tables import require_tables

        if not is_recorded(error) and not isinstance(error, BusyError):
            with suppress(SparkifyError), opened(config, read_only=False) as engine:
                require_tables(engine)
                record(engine, command, error)
        raise


def open_engine(config: Config, options: OpenOptions) -> Engine:
    """The warehouse that the configuration names. ConfigError if there is none and none may be made."""
    return engine_of(config).open(config, options)


def require_readable(engine: Engine, config: Config) -> None:
    """Raise ConfigError, saying who must act, if this login sees none of the tables that readers see.

    A cluster shows a login only what it may read: a warehouse that is closed to it looks like none.
    """
    from sparkify.load.tables import SHARED, has_tables, require_tables

    if engine_of(config).has_grants and not has_tables(engine):
        raise ConfigError(
            f"{label(config)} has no tables that this login may read. Its owner adds the login to [REDSHIFT] "
            "READERS and runs `sparkify tables create`, which also makes a new warehouse."
        )
    require_tables(engine, SHARED)


def as_owner(config: Config, reader: Reader, find: Callable[[Reader], T]) -> T | None:
    """What `find` finds where readers do not see; None where this login has no more rights than theirs.

    A cluster is opened with all rights of the login; a file is open.
    """
    if not engine_of(config).has_grants:
        return find(reader)
    try:
        with opened(config) as engine:
            return find(engine)
    except RightsError:
        return None
