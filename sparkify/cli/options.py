"""Options that many commands share, and what they open."""

import datetime as dt
import difflib
import math
import re
import sys
from collections import UserDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from sparkify import signals
from sparkify.cli.output import echo_err
from sparkify.config_sources import load_config
from sparkify.engines.registry import named_engines, warehouse_settings
from sparkify.errors import ConfigError
from sparkify.formatting import is_text

Command = Callable[..., Any]


class Group(click.Group):
    """Commands whose first sentences are wrapped in the help; click would cut them off."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # as click calls it
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, self.commands[name].get_short_help_str(999)) for name in sorted(self.commands)]
            )


class Imported(UserDict[str, click.Command]):
    """Commands, each imported when it is looked up, from the module of this package that holds it."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        super().__init__()
        self._modules = modules

    def __missing__(self, name: str) -> click.Command:
        if name not in self._modules:
            raise KeyError(name)
        self.data[name] = getattr(import_module(f"sparkify.cli.{self._modules[name]}"), name)
        return self.data[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    def __contains__(self, name: object) -> bool:
        return name in self._modules


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
        _require_text(click.get_current_context())
        flags: dict[str, object] = {"warehouse.wait": wait, "warehouse.timeout": options.pop("timeout", None)}
        if warehouse is not None:
            flags |= warehouse_flags(warehouse)
        flags |= {f"s3.{name}": options.pop(name) for name in ("source",) if name in options}
        if options.get("max_rejects") is not None:
            flags["etl.max_rejects"] = options["max_rejects"]
        options.pop("max_rejects", None)
        return function(*args, config=load_config(config_file, flags), **options)

    return wrapper


def _require_text(context: click.Context) -> None:
    """Refuse what is not UTF-8, which no database takes; a path may be any bytes."""
    for param in context.command.params:
        given = context.params.get(param.name or "")
        for value in given if isinstance(given, tuple) else (given,):
            if isinstance(value, str) and not isinstance(param.type, click.Path) and not is_text(value):
                raise click.BadParameter(f"{value!r} is not text in UTF-8.", context, param)


def warehouse_flags(warehouse: str) -> dict[str, object]:
    """The settings that `--warehouse` stands for. Raises ConfigError for a misspelt engine."""
    found = warehouse_settings(warehouse)
    close = difflib.get_close_matches(warehouse.lower(), named_engines(), n=1, cutoff=0.75)
    if "warehouse.file" in found and warehouse.isalpha() and close:
        raise ConfigError(
            f"--warehouse {warehouse}: did you mean {close[0]}? If it is to be a file: ./{warehouse}"
        )
    return found


@contextmanager
def interruptible(note: str) -> Iterator[None]:
    """Whoever interrupts this block, or ends the process, is told what became of it.

    That is what the block itself says, or `note`.
    """
    try:
        with signals.interruptible():
            yield
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(str(error) or note) from error


def day_options(function: Command) -> Command:
    """`--from` and `--to`: days, both included."""

    @click.option("--from", "first", type=DAY, help="First day (YYYY-MM-DD).")
    @click.option("--to", "last", type=DAY, help="Last day, included.")
    @wraps(function)
    def wrapper(*args: Any, first: dt.date | None, last: dt.date | None, **options: Any) -> Any:
        if first and last and first > last:
            raise click.UsageError(f"--from {first} is later than --to {last}: there is no such day.")
        return function(*args, first=first, last=last, **options)

    return wrapper


timezone_option = click.option(
    "--timezone",
    metavar="NAME",
    help="Time zone of days and hours, such as Europe/Berlin. Default: UTC.",
)


def filter_options(function: Command) -> Command:
    """`--title`, `--artist`, `--listener`, `--place`, `--state`: only plays of these. And `--timezone`."""

    @click.option("--title", help="Only plays of songs of this title.")
    @click.option("--artist", help="Only plays of this artist, by the name that the app reported.")
    @click.option("--listener", type=ANY_ID, metavar="ID", help="Only plays of this listener.")
    @click.option("--place", help="Only plays heard at this location.")
    @click.option("--state", metavar="CODE", help="Only plays heard in this state, such as CA.")
    @timezone_option
    @wraps(function)
    def wrapper(*args: Any, **options: Any) -> Any:
        names = ("title", "artist", "listener", "place", "state", "timezone")
        filters = {name: options.pop(name) for name in names}
        return function(*args, filters=filters, **options)

    return wrapper


class _Day(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic since click 8.4
    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        if isinstance(value, dt.date):
            return value
        if value == "yesterday":
            return dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day like 2018-11-30, nor yesterday.", param, ctx)


class Whole(click.IntRange):
    """A whole number within bounds; what is none is told so in words."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter:
            low = f"{self.min or 0:,}"
            bounds = f"of {low} or more" if self.max is None else f"from {low} to {self.max:,}"
            what = f"a whole number {bounds}"
            if self.min == ANY_ID.min:
                what = "the number of a play or a listener, which `sparkify find` looks up by name"
            self.fail(f"{value!r} is not {what}.", param, ctx)


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
    """Go on only if the user agrees. Without a terminal, the answer is no."""
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
        echo_err("sparkify: nothing was done. (--yes does it without asking.)")
        sys.exit(1)


def parse_age(text: str, option: str) -> dt.timedelta:
    """A time span such as 90m, 36h or 2d."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)\s*(m|h|d)", text.strip())
    if not found:
        raise click.BadParameter(f"{text!r} is not a time like 90m, 36h or 2d.", param_hint=option)
    return dt.timedelta(hours=float(found[1]) * {"m": 1 / 60, "h": 1, "d": 24}[found[2]])
