"""Options that many commands share, and what they open."""

import datetime as dt
import difflib
import math
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from sparkify.cli.output import talk
from sparkify.config import Config, load_config
from sparkify.errors import ConfigError

if TYPE_CHECKING:
    from sparkify.engines.base import Engine, Reader

Command = Callable[..., Any]
Access = Literal["login", "reader"]
"""With whose rights a session asks."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Names of this machine."""


class Group(click.Group):
    """Commands whose first sentences are wrapped in the help; click would cut them off."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # as click calls it
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, self.commands[name].get_short_help_str(999)) for name in sorted(self.commands)]
            )


THEIR_MEMORY = "50%"
"""What statements of somebody else may take of the machine."""


def timeout_option(function: Command) -> Command:
    """`--timeout`: [WAREHOUSE] TIMEOUT for once. It stands below `config_options`, which resolves it."""
    return click.option(
        "--timeout",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="Stop a statement that takes longer, on DuckDB; 0: never. Default: 300.",
    )(function)


def config_options(function: Command) -> Command:
    """`--config` and `--warehouse`, resolved: the command is given one `config`."""

    @click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path),
        help="Settings. Default: dwg.cfg, if it is there.",
    )
    @click.option(
        "--warehouse", metavar="FILE", help="The DuckDB file, or redshift. Default: sparkify.duckdb."
    )
    @click.option(
        "--wait", type=float, metavar="SECONDS", help="How long to wait for another process. Default: 30."
    )
    @wraps(function)
    def wrapper(
        *args: Any, config_file: Path | None, warehouse: str | None, wait: float | None, **options: Any
    ) -> Any:
        flags: dict[str, object] = {"warehouse.wait": wait, "warehouse.timeout": options.pop("timeout", None)}
        if warehouse is not None:
            flags |= warehouse_flags(warehouse)
        flags |= {f"s3.{name}": options.pop(name) for name in ("source",) if name in options}
        if options.get("max_rejects") is not None:
            flags["etl.max_rejects"] = options["max_rejects"]
        options.pop("max_rejects", None)
        return function(*args, config=load_config(config_file, flags), **options)

    return wrapper


def warehouse_flags(warehouse: str) -> dict[str, object]:
    """The settings that `--warehouse` stands for. Raises ConfigError for what was meant to be redshift."""
    if warehouse.lower() == "redshift":
        return {"warehouse.engine": "redshift"}
    if warehouse.isalpha() and difflib.get_close_matches(warehouse.lower(), ["redshift"], cutoff=0.75):
        raise ConfigError(
            f"--warehouse {warehouse}: did you mean redshift? If it is to be a file: ./{warehouse}"
        )
    return {"warehouse.engine": "duckdb", "warehouse.file": warehouse}


def place(config: Config) -> str:
    """The warehouse, as a sentence names it."""
    if config.warehouse.engine == "redshift":
        return f"schema {config.redshift.schema} of cluster {config.redshift.host or config.cluster.name}"
    return config.warehouse.file


@contextmanager
def interruptible(note: str) -> Iterator[None]:
    """Whoever interrupts what runs in this block is told what became of it."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(note) from error


def day_options(function: Command) -> Command:
    """`--from` and `--to`: days, both included."""

    @click.option("--from", "first", type=DAY, help="First day (YYYY-MM-DD, UTC).")
    @click.option("--to", "last", type=DAY, help="Last day, included.")
    @wraps(function)
    def wrapper(*args: Any, first: dt.date | None, last: dt.date | None, **options: Any) -> Any:
        if first and last and first > last:
            raise click.UsageError(f"--from {first} is later than --to {last}: there is no such day.")
        return function(*args, first=first, last=last, **options)

    return wrapper


class _Day(click.ParamType[dt.date]):
    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        if isinstance(value, dt.date):
            return value
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day like 2018-11-30.", param, ctx)


class Whole(click.IntRange):
    """A whole number within bounds; what is none is told so in words."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter:
            low = f"{self.min or 0:,}"
            bounds = f"of {low} or more" if self.max is None else f"from {low} to {self.max:,}"
            self.fail(f"{value!r} is not a whole number {bounds}.", param, ctx)


class Amount(click.FloatRange):
    """A number within bounds; NaN is within none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value!r} is no number.", param, ctx)
        return number


DAY = _Day()
AT_MOST = Whole(0, 10**18)
ANY_ID = Whole(-(2**63), 2**63 - 1)
"""A number of rows, as databases count them."""


def confirm(question: str) -> None:
    """Go on only if the user agrees; where nobody can be asked, nobody agreed."""
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort:
        click.echo(err=True)
        if sys.stdin.isatty():
            raise
        agreed = False
    else:
        if not sys.stdin.isatty():
            click.echo(err=True)
    if not agreed:
        talk("sparkify: nothing was done. (--yes does it without asking.)")
        sys.exit(1)


def parse_age(text: str, option: str) -> dt.timedelta:
    """A time span such as 90m, 36h or 2d."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)\s*(m|h|d)", text.strip())
    if not found:
        raise click.BadParameter(f"{text!r} is not a time like 90m, 36h or 2d.", param_hint=option)
    return dt.timedelta(hours=float(found[1]) * {"m": 1 / 60, "h": 1, "d": 24}[found[2]])


@contextmanager
def opened(
    config: Config,
    *,
    read_only: bool = True,
    rights: Access = "login",
    locked_down: bool = False,
    may_make: bool = False,
    rows: int | None = None,
) -> Iterator["Engine"]:
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
) -> "Engine":
    """The warehouse that the configuration names. ConfigError if there is none and none may be made.

    With the rights of a "reader" a cluster shows what readers see, whoever logs in. Where `rows` is given,
    statements are somebody else's: on DuckDB they have limits, and fetch at most so many rows.
    """
    settings = config.warehouse
    if settings.engine == "redshift":
        return _open_redshift(config, read_only=read_only, rights=rights, may_make=may_make)
    from sparkify.engines.duckdb import DuckDB, Limits

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
    )


def require_readable(engine: "Engine", config: Config) -> None:
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


@contextmanager
def as_owner(config: Config, reader: "Reader") -> Iterator["Reader"]:
    """For what readers do not see: a cluster is opened with all rights of the login, a file is open."""
    if config.warehouse.engine == "redshift":
        with opened(config) as engine:
            yield engine
    else:
        yield reader


def _open_redshift(config: Config, *, read_only: bool, rights: Access, may_make: bool) -> "Engine":
    from sparkify.aws import make_clients
    from sparkify.engines.redshift import Redshift
    from sparkify.engines.redshift_connect import Address
    from sparkify.engines.redshift_stage import Copying
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
        talk(
            f"warning: SSLMODE = verify-ca does not check the certificate's host name, so that another "
            f"server could pose as {target.host}. Use it for a tunnel, or an alias in your own network."
        )
    copying = Copying(
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
