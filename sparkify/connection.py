"""The warehouse that a configuration names, opened: the one way in, for the command line and for Python."""

import dataclasses
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar

from sparkify.config import Config
from sparkify.engines.base import Engine, Reader
from sparkify.errors import ConfigError, RightsError

T = TypeVar("T")
Access = Literal["login", "reader"]
"""With whose rights a session asks."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Names of this machine."""
THEIR_MEMORY = "50%"
"""What statements of somebody else may take of the machine."""


def place(config: Config) -> str:
    """The warehouse, as a sentence names it."""
    if config.warehouse.engine == "redshift":
        return f"schema {config.redshift.schema} of cluster {config.redshift.host or config.cluster.name}"
    return config.warehouse.file


@contextmanager
def opened(
    config: Config,
    *,
    read_only: bool = True,
    rights: Access = "login",
    locked_down: bool = False,
    may_make: bool = False,
    rows: int | None = None,
) -> Iterator[Engine]:
    """The warehouse, open for as long as the block lasts."""
    engine = open_engine(
        config, read_only=read_only, rights=rights, locked_down=locked_down, may_make=may_make, rows=rows
    )
    try:
        yield engine
    finally:
        engine.close()


def open_engine(
    config: Config,
    *,
    read_only: bool = True,
    rights: Access = "login",
    locked_down: bool = False,
    may_make: bool = False,
    rows: int | None = None,
) -> Engine:
    """The warehouse that the configuration names. ConfigError if there is none and none may be made.

    With the rights of a "reader" a cluster shows what readers see, whoever logs in. Where `rows` is given,
    statements are somebody else's: on DuckDB they have limits, and fetch at most so many rows.
    """
    settings = config.warehouse
    if settings.engine == "redshift":
        return _open_redshift(config, read_only=read_only, rights=rights, may_make=may_make)
    from sparkify.engines.duckdb.engine import DuckDB, Limits
    from sparkify.engines.duckdb.snapshot import snapshot_of

    if settings.snapshot == "yes" and rights == "reader":
        copy = snapshot_of(settings.file)
        if not Path(copy).is_file():
            raise ConfigError(
                f"there is no {copy} yet: the next command that writes makes it, such as "
                "`sparkify tables create`."
            )
        settings = dataclasses.replace(settings, file=copy)
    if not may_make and not Path(settings.file).is_file():
        raise ConfigError(
            f"there is no warehouse {settings.file}. `sparkify etl --source DIR` makes one; "
            "--warehouse names another."
        )
    return DuckDB(
        settings.file,
        read_only=read_only,
        locked_down=locked_down,
        wait=settings.wait,
        memory=settings.memory or ("" if rows is None else THEIR_MEMORY),
        threads=settings.threads,
        limits=None if rows is None else Limits(settings.timeout, settings.spill, rows),
        snapshot=settings.snapshot == "yes",
    )


def require_readable(engine: Engine, config: Config) -> None:
    """Raise ConfigError, saying who must act, if this login sees none of the tables that readers see.

    A cluster shows a login only what it may read: a warehouse that is closed to it looks like none.
    """
    from sparkify.load.tables import SHARED, has_tables, require_tables

    if engine.name == "redshift" and not has_tables(engine):
        raise ConfigError(
            f"{place(config)} has no tables that this login may read. Its owner adds the login to [REDSHIFT] "
            "READERS and runs `sparkify tables create`, which also makes a new warehouse."
        )
    require_tables(engine, SHARED)


def as_owner(config: Config, reader: Reader, find: Callable[[Reader], T]) -> T | None:
    """What `find` finds where readers do not see; None where this login has no more rights than theirs.

    A cluster is opened with all rights of the login; a file is open.
    """
    if config.warehouse.engine != "redshift":
        return find(reader)
    try:
        with opened(config) as engine:
            return find(engine)
    except RightsError:
        return None


def _open_redshift(config: Config, *, read_only: bool, rights: Access, may_make: bool) -> Engine:
    from sparkify.aws import make_clients
    from sparkify.engines.redshift.connect import Address
    from sparkify.engines.redshift.engine import Redshift
    from sparkify.engines.redshift.stage import CopyOptions
    from sparkify.provision.target import find_target, require_role, require_scratch

    own = config.redshift
    clients = make_clients(config.cluster.region)
    target = find_target(clients, config)
    if may_make:
        require_scratch(clients, config)
        require_role(target, config)
    fresh = [target]

    def address() -> Address:
        found = fresh.pop() if fresh else find_target(clients, config)
        return Address(
            found.host, found.port, found.database, found.user, found.password, own.sslmode, own.keepalive,
            found.advice,
        )  # fmt: skip

    if own.sslmode == "verify-ca" and own.host not in LOOPBACK:
        logging.getLogger("sparkify").warning(
            f"SSLMODE = verify-ca does not check the certificate's host name, so that another "
            f"server could pose as {target.host}. Use it for a tunnel, or an alias in your own network."
        )
    copying = CopyOptions(
        target.role, target.scratch, target.owner, target.slices, config.etl.compact, target.role_advice
    )
    return Redshift(
        address,
        copying,
        schema=own.schema,
        readers=[reader.strip() for reader in own.readers.split(",") if reader.strip()],
        rights=rights,
        query_group=own.query_group,
        read_only=read_only,
        wait=config.warehouse.wait,
    )
